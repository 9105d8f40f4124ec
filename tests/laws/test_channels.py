"""The laws that every channel keeps: a new file in engage/channels is held to them unasked."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from engage.channels.base import Channel, discover
from engage.channels.twilio.client import LeashedHttp, connect
from engage.channels.twilio.fake import ACCOUNT_SID, AUTH_TOKEN, FakeTwilio, Fault
from engage.domain.actions import ChannelName
from engage.domain.messages import Message, MessageState, Receipt
from engage.errors import SendError

KINDS = discover()
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NUMBER = "+4915112345678"
CODE = "HTX4J7K"
READ_S = 0.2


@pytest.fixture
def provider() -> Iterator[FakeTwilio]:
    with FakeTwilio() as running:
        yield running


@pytest.fixture(params=sorted(KINDS))
def channel(request: pytest.FixtureRequest, provider: FakeTwilio) -> Channel:
    """Each channel, connected to the local provider where it needs one."""
    kind: Any = KINDS[request.param]
    wants = inspect.signature(kind).parameters
    given: dict[str, Any] = {}
    if "client" in wants:
        given["client"] = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url, read_s=READ_S)
    if "sender" in wants:
        given["sender"] = "+15005550006"
    built: Channel = kind(**given)
    return built


@pytest.fixture
def message() -> Message:
    return Message(
        message_id="msg_1",
        decision_id="dec_1",
        person_id="per_1",
        channel="any",
        action="any",
        destination=NUMBER,
        body=f"Example Bank: Miller, we call you at {NUMBER}. Ref {CODE}",
        reference=CODE,
        expires_at=NOON,
    )


def outcome(channel: Channel, message: Message) -> Receipt | SendError:
    try:
        return channel.send(message)
    except SendError as error:
        return error


def test_the_vocabulary_names_exactly_the_channels_there_are() -> None:
    assert set(KINDS) == set(ChannelName)


def test_its_name_is_its_files_name(channel: Channel) -> None:
    assert type(channel).__module__ == f"engage.channels.{channel.name}"


def test_it_gives_a_receipt_or_says_why_not(channel: Channel, message: Message) -> None:
    result = outcome(channel, message)
    if isinstance(result, Receipt):
        assert result.provider_id
        assert result.state in {MessageState.SENT, MessageState.DELIVERED, MessageState.FAILED}
    else:
        assert result.permanent


def test_a_channel_that_waits_for_the_page_cannot_be_sent(
    channel: Channel, message: Message, provider: FakeTwilio
) -> None:
    if channel.held:
        assert isinstance(outcome(channel, message), SendError)
        assert provider.asked == []


@pytest.mark.parametrize("fault", [*Fault, 21211, 20003, 21610, 30007], ids=str)
def test_whatever_the_provider_does_ends_soon_with_the_decisive_bits_set_and_no_personal_data(
    channel: Channel, message: Message, provider: FakeTwilio, fault: Fault | int
) -> None:
    provider.fail_creates(fault)
    before = time.monotonic()
    result = outcome(channel, message)
    # The default limits are 3 s, 10 s and 15 s; here 0.2 s to read, and a slow machine's margin.
    assert time.monotonic() - before < 5
    assert len(provider.creates) <= 1
    if isinstance(result, SendError):
        assert not (result.permanent and result.ambiguous)
        shown = f"{result} {result!r} {result.code}"
        for personal in (NUMBER, NUMBER.removeprefix("+"), "Miller", AUTH_TOKEN):
            assert personal not in shown
    if isinstance(fault, Fault) and provider.creates:
        assert isinstance(result, SendError)
        assert result.ambiguous is (fault is not Fault.RATE_LIMIT)


def test_it_speaks_to_no_host_outside_its_table(channel: Channel) -> None:
    client = getattr(channel, "client", None)
    if client is not None:
        http = client.http_client
        assert isinstance(http, LeashedHttp)
        with pytest.raises(SendError, match="not in the table"):
            http.request("POST", "https://example.com/2010-04-01/Accounts")


def test_it_looks_up_an_attempt_without_sending(
    channel: Channel, message: Message, provider: FakeTwilio
) -> None:
    found = channel.reconcile(message, NOON)
    assert found is None or isinstance(found, Receipt)
    assert provider.creates == ()


def test_an_accepted_message_is_found_again(
    channel: Channel, message: Message, provider: FakeTwilio
) -> None:
    provider.fail_creates(Fault.DROP_AFTER)
    result = outcome(channel, message)
    if isinstance(result, SendError) and result.ambiguous:
        assert isinstance(channel.reconcile(message, NOON), Receipt)
