from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engage.channels.sms import Sms
from engage.channels.twilio.client import connect
from engage.channels.twilio.fake import ACCOUNT_SID, AUTH_TOKEN, FakeTwilio, Fault
from engage.clock import MovingClock
from engage.domain.messages import Message, MessageState
from engage.errors import SendError

SENDER = "+15005550006"


@pytest.fixture
def sms(provider: FakeTwilio) -> Sms:
    return Sms(connect(ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url), sender=SENDER)


def test_a_text_leaves_with_its_words_its_number_and_the_rest_of_its_life(
    sms: Sms, provider: FakeTwilio, message: Message
) -> None:
    receipt = sms.send(message)
    assert (receipt.state, receipt.note) == (MessageState.SENT, "queued")
    assert provider.messages.items[0]["sid"] == receipt.provider_id
    assert provider.creates[0].form == {
        "To": [message.destination],
        "From": [SENDER],
        "Body": [message.body],
        "ValidityPeriod": ["1800"],
    }


def test_a_messaging_service_takes_the_place_of_the_sender(
    provider: FakeTwilio, message: Message
) -> None:
    service = "MG" + "1" * 32
    client = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url)
    Sms(client, sender=SENDER, messaging_service=service).send(message)
    form = provider.creates[0].form
    assert form["MessagingServiceSid"] == [service]
    assert "From" not in form


def test_the_validity_is_at_most_what_twilio_takes(
    sms: Sms, provider: FakeTwilio, message: Message
) -> None:
    sms.send(replace(message, details={"validity_s": "99999"}))
    sms.send(replace(message, details={}))
    assert provider.creates[0].form["ValidityPeriod"] == ["36000"]
    assert "ValidityPeriod" not in provider.creates[1].form


def test_a_text_that_could_not_be_found_again_is_not_sent(
    sms: Sms, provider: FakeTwilio, message: Message
) -> None:
    for lost in (replace(message, body="Hello"), replace(message, reference="")):
        with pytest.raises(SendError, match="reference") as caught:
            sms.send(lost)
        assert caught.value.permanent
    assert provider.asked == []


def test_a_text_whose_answer_was_lost_is_found_by_its_code(
    sms: Sms, provider: FakeTwilio, message: Message, clock: MovingClock
) -> None:
    provider.fail_creates(Fault.DROP_AFTER)
    with pytest.raises(SendError) as caught:
        sms.send(message)
    assert caught.value.ambiguous
    found = sms.reconcile(message, clock.now())
    assert found is not None
    assert found.provider_id == provider.messages.items[0]["sid"]


def test_other_texts_to_the_same_number_are_not_taken_for_it(
    sms: Sms, message: Message, clock: MovingClock
) -> None:
    sms.send(replace(message, body="Example Bank: thank you. Ref ZZZZZZ", reference="ZZZZZZ"))
    assert sms.reconcile(message, clock.now()) is None


def test_the_same_code_long_before_the_attempt_is_not_taken_for_it(
    sms: Sms, message: Message, clock: MovingClock
) -> None:
    sms.send(message)
    begun = clock.now() + timedelta(minutes=5)
    assert sms.reconcile(message, begun) is not None
    assert sms.reconcile(message, begun + timedelta(seconds=1)) is None


def test_what_became_of_it_meanwhile_is_told(
    sms: Sms, provider: FakeTwilio, message: Message, clock: MovingClock
) -> None:
    sms.send(message)
    provider.messages.items[0]["status"] = "delivered"
    found = sms.reconcile(message, clock.now())
    assert found is not None
    assert found.state is MessageState.DELIVERED
    provider.messages.items[0] |= {"status": "undelivered", "error_code": 30005}
    failed = sms.reconcile(message, clock.now())
    assert failed is not None
    assert (failed.state, failed.note) == (MessageState.FAILED, "undelivered 30005")


def test_a_list_that_cannot_be_read_is_no_absence(
    sms: Sms, provider: FakeTwilio, message: Message, clock: MovingClock
) -> None:
    provider.fail_reads(Fault.HTML)
    with pytest.raises(SendError):
        sms.reconcile(message, clock.now())
