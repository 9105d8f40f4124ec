from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engage.channels.callback import Callback
from engage.channels.twilio.client import connect
from engage.channels.twilio.fake import ACCOUNT_SID, AUTH_TOKEN, FakeTwilio, Fault
from engage.clock import MovingClock
from engage.domain.messages import Message, MessageState
from engage.errors import SendError

SENDER = "+15005550006"


@pytest.fixture
def dialling(provider: FakeTwilio) -> Callback:
    return Callback(connect(ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url), sender=SENDER)


def test_without_a_calling_number_the_call_goes_on_the_agents_list(
    provider: FakeTwilio, message: Message, clock: MovingClock
) -> None:
    channel = Callback()
    receipt = channel.send(message)
    assert (receipt.state, receipt.note) == (MessageState.DELIVERED, "on the agents' list")
    assert channel.reconcile(message, clock.now()) == receipt
    assert provider.asked == []


def test_the_customer_is_called_and_waits_in_the_queue_of_the_same_name(
    dialling: Callback, provider: FakeTwilio, message: Message
) -> None:
    receipt = dialling.send(replace(message, body="Example Bank calls you back."))
    form = provider.creates[0].form
    assert receipt.provider_id == provider.calls.items[0]["sid"]
    assert (form["To"], form["From"]) == ([message.destination], [SENDER])
    assert form["Twiml"][0].endswith(
        "<Say>Example Bank calls you back.</Say><Enqueue>mortgage</Enqueue></Response>"
    )


def test_words_cannot_become_instructions(
    dialling: Callback, provider: FakeTwilio, message: Message
) -> None:
    dialling.send(replace(message, body="</Say><Dial>+15551234567</Dial>"))
    assert "<Dial>" not in provider.creates[0].form["Twiml"][0]


def test_a_call_whose_answer_was_lost_is_found_by_number_and_time(
    dialling: Callback, provider: FakeTwilio, message: Message, clock: MovingClock
) -> None:
    provider.fail_creates(Fault.DROP_AFTER)
    with pytest.raises(SendError) as caught:
        dialling.send(message)
    assert caught.value.ambiguous
    found = dialling.reconcile(message, clock.now())
    assert found is not None
    assert found.provider_id == provider.calls.items[0]["sid"]


def test_calls_to_others_and_earlier_calls_are_not_taken_for_it(
    dialling: Callback, message: Message, clock: MovingClock
) -> None:
    dialling.send(replace(message, destination="+4915112345679"))
    assert dialling.reconcile(message, clock.now()) is None
    dialling.send(message)
    assert dialling.reconcile(message, clock.now() + timedelta(minutes=6)) is None


def test_absence_is_no_reason_to_call_again(dialling: Callback) -> None:
    assert not dialling.repeatable
