from __future__ import annotations

import threading

import pytest
from twilio.rest import Client

from engage.channels.twilio.client import LeashedHttp, checked, connect
from engage.channels.twilio.fake import ACCOUNT_SID, AUTH_TOKEN, FakeTwilio, Fault
from engage.errors import SendError, SettingsError

NUMBER = "+4915112345678"


def client(provider: FakeTwilio, *, read_s: float = 5.0, attempt_s: float = 15.0) -> Client:
    return connect(
        ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url, read_s=read_s, attempt_s=attempt_s
    )


def test_requests_reach_the_local_provider_through_the_official_client(
    provider: FakeTwilio,
) -> None:
    answer = client(provider).messages.create(to=NUMBER, from_="+15005550006", body="Hello")
    assert answer.sid == provider.messages.items[0]["sid"]
    assert provider.creates[0].path == f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"


def test_lists_are_read_over_several_pages(provider: FakeTwilio) -> None:
    twilio = client(provider)
    for number in range(5):
        twilio.messages.create(to=NUMBER, from_="+15005550006", body=str(number))
    listed = twilio.messages.list(to=NUMBER, page_size=2)
    assert [one.body for one in listed] == ["4", "3", "2", "1", "0"]


def test_another_host_is_refused_before_anything_is_sent(provider: FakeTwilio) -> None:
    with pytest.raises(SendError, match="not in the table") as caught:
        client(provider).http_client.request("GET", "https://lookups.twilio.com/v1/PhoneNumbers")
    assert caught.value.permanent
    assert provider.asked == []


def test_the_environment_cannot_send_requests_elsewhere(
    provider: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    client(provider).messages.create(to=NUMBER, from_="+15005550006", body="Hello")
    assert len(provider.messages.items) == 1


@pytest.mark.parametrize(
    "address",
    ["http://api.twilio.com", "http://10.0.0.1:4010", "ftp://127.0.0.1", "api.twilio.com", ""],
)
def test_credentials_travel_encrypted_or_not_at_all(address: str) -> None:
    with pytest.raises(SettingsError, match="base_url"):
        checked(address)


@pytest.mark.parametrize(
    "address", ["https://api.twilio.com", "http://127.0.0.1:4010", "http://localhost:4010"]
)
def test_these_addresses_may_be_used(address: str) -> None:
    assert checked(address) == address


@pytest.mark.parametrize(
    ("sid", "token"), [("", AUTH_TOKEN), ("AC123", AUTH_TOKEN), (ACCOUNT_SID, "")]
)
def test_missing_credentials_are_named(sid: str, token: str) -> None:
    with pytest.raises(SettingsError, match="ENGAGE_TWILIO_ACCOUNT_SID"):
        connect(sid, token, base_url="https://api.twilio.com")


def test_the_project_default_is_three_seconds_to_connect_and_ten_to_read() -> None:
    http = connect(ACCOUNT_SID, AUTH_TOKEN, base_url="https://api.twilio.com").http_client
    assert isinstance(http, LeashedHttp)
    assert (http.timeouts, http.attempt_s) == ((3.0, 10.0), 15.0)
    adapter = http.http.get_adapter("https://api.twilio.com")
    assert adapter.max_retries.total == 0  # type: ignore[attr-defined]


def test_silence_ends_with_the_read_timeout(provider: FakeTwilio) -> None:
    provider.fail_creates(Fault.HANG)
    with pytest.raises(SendError, match="without an answer") as caught:
        client(provider, read_s=0.1).messages.create(to=NUMBER, from_="+15005550006", body="x")
    assert caught.value.ambiguous


def test_the_attempt_ends_even_when_the_sockets_own_timeout_does_not_help(
    provider: FakeTwilio,
) -> None:
    provider.fail_creates(Fault.HANG)
    with pytest.raises(SendError, match=r"within 0\.1 s") as caught:
        client(provider, attempt_s=0.1).messages.create(to=NUMBER, from_="+15005550006", body="x")
    assert caught.value.ambiguous
    provider.closing.set()
    for thread in threading.enumerate():
        if thread.name == "twilio-request":
            thread.join(5)


def test_a_provider_that_is_not_there_has_certainly_sent_nothing() -> None:
    with FakeTwilio() as gone:
        address = gone.url
    twilio = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=address)
    with pytest.raises(SendError, match="nothing was sent") as caught:
        twilio.messages.create(to=NUMBER, from_="+15005550006", body="x")
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.HTML])
def test_a_lost_or_unreadable_answer_is_ambiguous_and_asked_for_once(
    provider: FakeTwilio, fault: Fault
) -> None:
    provider.fail_creates(fault)
    with pytest.raises(SendError) as caught:
        client(provider).messages.create(to=NUMBER, from_="+15005550006", body="x")
    assert caught.value.ambiguous
    assert len(provider.creates) == 1
    assert len(provider.messages.items) == (fault is Fault.DROP_AFTER)
