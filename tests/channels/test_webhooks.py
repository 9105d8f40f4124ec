"""Is it Twilio, and what does it say: promises B1, B2 and B3."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engage.channels.twilio.webhooks import (
    Request,
    genuine,
    reply_of,
    report_of,
    status_url,
)
from tests.channels.forged import PUBLIC_URL, SID, TOKEN, forged, incoming, signed, status_report

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def is_genuine(request: Request) -> bool:
    return genuine(request, public_url=PUBLIC_URL, auth_token=TOKEN)


def test_what_twilio_signed_is_genuine() -> None:
    assert is_genuine(status_report())
    assert is_genuine(incoming("STOP 🛑", "+4915112300001"))


def test_the_signature_is_that_of_twilios_own_example() -> None:
    """https://www.twilio.com/docs/usage/security, "Explore the algorithm yourself"."""
    form = [("CallSid", "CA1234567890ABCDE"), ("Caller", "+12349013030"), ("Digits", "1234"),
            ("From", "+12349013030"), ("To", "+18005551212")]  # fmt: skip
    request = Request("/myapp.php?foo=1&bar=2", form, "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")
    assert genuine(request, public_url="https://mycompany.com", auth_token="12345")


@pytest.mark.parametrize("request_", [status_report(), incoming("STOP", "+4915112300001")])
def test_a_thousand_forged_requests_are_refused_or_say_nothing(request_: Request) -> None:
    for one in forged(request_, 1_000):
        said = report_of(one) or reply_of(one, NOON)
        assert not is_genuine(one) or said is None, one


@pytest.mark.parametrize("signature", [None, "", "\ud83d", "x" * 10_000])
def test_a_signature_that_is_none_is_refused_and_not_an_error(signature: str | None) -> None:
    assert not is_genuine(replace(status_report(), signature=signature))


@pytest.mark.parametrize(
    "target",
    ["", "webhooks", "https://engage.example.com/webhooks/twilio/status", "*", "/[", "/\ud83d"],
)
def test_a_target_that_is_none_is_refused_and_not_an_error(target: str) -> None:
    assert not is_genuine(replace(status_report(), target=target))


def test_only_the_configured_address_counts() -> None:
    """Nothing of a request's own idea of its host is even handed over."""
    request = status_report()
    assert not genuine(request, public_url="https://proxy.internal", auth_token=TOKEN)
    assert not genuine(request, public_url="", auth_token=TOKEN)
    assert not genuine(request, public_url=PUBLIC_URL, auth_token="")


def test_twenty_unknown_blank_and_repeated_parameters_are_accepted() -> None:
    form = list(status_report().form)
    more = [(f"New{n}", "" if n % 2 else "x") for n in range(16)]
    more += [("MessageStatus", "failed"), ("MessageStatus", ""), ("New1", "twice"), ("New1", "")]
    request = signed(status_report().target, form + more)
    report = report_of(request)
    assert is_genuine(request)
    assert report is not None
    assert (report.provider_id, report.status, report.attempt) == (SID, "delivered", 1)


def test_a_report_names_the_attempt_that_our_own_address_named() -> None:
    url = status_url(PUBLIC_URL, "msg_7", "3")
    assert url == f"{PUBLIC_URL}/webhooks/twilio/status?message=msg_7&attempt=3#rc=5&rp=all"
    target = url.removeprefix(PUBLIC_URL).partition("#")[0]
    report = report_of(signed(target, list(status_report().form)))
    assert report is not None
    assert (report.message_id, report.attempt) == ("msg_7", 3)
    assert status_url("", "msg_7", "3") == ""


def test_a_customers_message_is_read_with_what_twilio_made_of_it() -> None:
    form = [*incoming("Arrêtez", "whatsapp:+4915112300001").form, ("OptOutType", "STOP")]
    reply = reply_of(signed("/webhooks/twilio/inbound", form), NOON)
    assert reply is not None
    assert (reply.channel, reply.sender, reply.opt_out) == ("whatsapp", "+4915112300001", "STOP")
    assert ["FromCity", ""] in reply.raw["form"]
