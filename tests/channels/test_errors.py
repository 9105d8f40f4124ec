"""The table against the list of Twilio's codes that must not be got wrong."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

from engage.channels.base import Misconfigured, OptedOut
from engage.channels.twilio.errors import FAULTS, Kind, send_error, translated
from engage.errors import SendError

PERMANENT = (21211, 21614, 21612, 21610, 21635, 30006, 30005, 30004, 30007, 30450)
CONFIGURATION = (20003, 21606, 21603, 21408, 30034, 21604, 21617)
TRANSIENT = (20429, 30022, 21611, 30001)
UNCLEAR = (30003, 30008, 30036)


@pytest.mark.parametrize("code", PERMANENT)
def test_trying_again_cannot_help(code: int) -> None:
    error = send_error(400, code)
    assert (error.permanent, error.ambiguous, error.code) == (True, False, str(code))


@pytest.mark.parametrize("code", CONFIGURATION)
def test_our_own_mistake_costs_no_recipient_his_message(code: int) -> None:
    error = send_error(400, code)
    assert isinstance(error, Misconfigured)
    assert not error.permanent
    assert not error.ambiguous


@pytest.mark.parametrize("code", TRANSIENT)
def test_it_was_certainly_not_sent(code: int) -> None:
    error = send_error(400, code)
    assert not error.permanent
    assert not error.ambiguous
    assert not isinstance(error, Misconfigured)


def test_an_unsubscribed_number_is_told_apart() -> None:
    assert isinstance(send_error(400, 21610), OptedOut)
    assert [code for code, fault in FAULTS.items() if fault.opted_out] == [21610]


def test_carriers_that_give_no_reason_are_known() -> None:
    assert [code for code, fault in FAULTS.items() if fault.kind is Kind.UNCLEAR] == list(UNCLEAR)


@pytest.mark.parametrize("status", [302, 303, 408, 500, 502, 503, 504])
def test_an_answer_that_does_not_say_is_ambiguous_whatever_its_code(status: int) -> None:
    assert send_error(status, status).ambiguous
    if status >= 500:
        assert send_error(status, 21211).ambiguous


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Misconfigured), (403, Misconfigured), (404, Misconfigured)]
)
def test_the_code_may_be_just_the_status(status: int, kind: type[SendError]) -> None:
    assert isinstance(send_error(status, status), kind)


def test_429_is_certain_with_or_without_a_code() -> None:
    for error in (send_error(429, 429), send_error(429, 20429), send_error(429, None)):
        assert (error.permanent, error.ambiguous) == (False, False)


def test_an_unknown_refusal_is_permanent_and_costs_one_request() -> None:
    assert send_error(400, 99999).permanent


@pytest.mark.parametrize(
    "raised",
    [
        TwilioRestException(400, "/Messages", "The number +4915112345678 is bad", 21211, "POST"),
        TwilioServiceException("about:blank", "+4915112345678 is bad", 400, 21211),
        TwilioException("+4915112345678"),
        KeyError("+4915112345678"),
        ValueError("+4915112345678"),
    ],
)
def test_the_customers_number_stays_out_of_the_error(raised: Exception) -> None:
    with pytest.raises(SendError) as caught, translated():
        raise raised
    shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__suppress_context__}"
    assert "4915112345678" not in shown
    assert "True" in shown
