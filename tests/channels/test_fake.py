"""The stand-in answers as Twilio does where Engage depends on it."""

from __future__ import annotations

import socket
import struct
import time

import pytest

from engage.channels.base import Misconfigured
from engage.channels.twilio.client import connect
from engage.channels.twilio.errors import translated
from engage.channels.twilio.fake import ACCOUNT_SID, AUTH_TOKEN, FakeTwilio, Fault
from engage.errors import SendError

TO, SENDER = "+4915112345678", "+15005550006"


def test_a_wrong_token_is_refused(provider: FakeTwilio) -> None:
    stranger = connect(ACCOUNT_SID, "wrong", base_url=provider.url)
    with pytest.raises(Misconfigured) as caught, translated():
        stranger.messages.create(to=TO, from_=SENDER, body="Hello")
    assert caught.value.code == "20003"
    assert provider.messages.items == []


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"to": "12345", "from_": SENDER, "body": "x"}, "21211"),
        ({"to": "+15005550001", "from_": SENDER, "body": "x"}, "21211"),
        ({"to": TO, "body": "x"}, "21603"),
        ({"to": TO, "from_": SENDER}, "21602"),
        ({"to": TO, "from_": SENDER, "body": "x" * 1601}, "21617"),
    ],
)
def test_an_incomplete_message_is_refused_with_twilios_code(
    provider: FakeTwilio, form: dict[str, str], code: str
) -> None:
    client = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url)
    with pytest.raises(SendError) as caught, translated():
        client.messages.create(**form)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"to": "12345", "from_": SENDER, "twiml": "<Response/>"}, "21211"),
        ({"to": TO, "from_": "bank", "twiml": "<Response/>"}, "21212"),
        ({"to": TO, "from_": SENDER}, "21205"),
    ],
)
def test_an_incomplete_call_is_refused_with_twilios_code(
    provider: FakeTwilio, form: dict[str, str], code: str
) -> None:
    client = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url)
    with pytest.raises(SendError) as caught, translated():
        client.calls.create(**form)
    assert caught.value.code == code


def test_what_was_created_can_be_fetched_and_what_was_not_cannot(provider: FakeTwilio) -> None:
    client = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url)
    created = client.messages.create(to=TO, from_=SENDER, body="Hello")
    assert client.messages(created.sid).fetch().body == "Hello"
    with pytest.raises(SendError), translated():
        client.messages("SM" + "9" * 32).fetch()


def test_each_fault_happens_once_and_in_order(provider: FakeTwilio) -> None:
    client = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url)
    provider.fail_creates(Fault.RATE_LIMIT, 21614, Fault.ERROR)
    codes = []
    for _ in range(3):
        with pytest.raises(SendError) as caught, translated():
            client.messages.create(to=TO, from_=SENDER, body="Hello")
        codes.append(caught.value.code)
    assert codes == ["20429", "21614", "20500"]
    client.messages.create(to=TO, from_=SENDER, body="Hello")
    assert len(provider.messages.items) == 1


def test_it_can_answer_late_having_accepted_at_once() -> None:
    with FakeTwilio(late_s=0.04) as slow:
        client = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=slow.url)
        before = time.monotonic()
        client.messages.create(to=TO, from_=SENDER, body="Hello")
        assert time.monotonic() - before >= 0.04


def test_its_own_errors_do_hold_the_number_so_that_leaks_would_show(provider: FakeTwilio) -> None:
    client = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url)
    provider.fail_creates(21614)
    with pytest.raises(Exception, match="4915112345678"):
        client.messages.create(to=TO, from_=SENDER, body="Hello")


def test_a_client_that_died_is_told_to_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    """A killed worker's connection ends hard, while the answer is on its way."""
    with FakeTwilio(late_s=0.2) as provider:
        host, port = provider.url.removeprefix("http://").split(":")
        for _ in range(3):
            with socket.create_connection((host, int(port))) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.sendall(b"GET /nowhere HTTP/1.1\r\nHost: here\r\n\r\n")
                time.sleep(0.05)
        time.sleep(0.6)
    assert "Traceback" not in capfd.readouterr().err
