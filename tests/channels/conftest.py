"""A local provider and a message to send, for the tests of channels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from engage.channels.twilio.fake import FakeTwilio
from engage.clock import MovingClock
from engage.domain.messages import Message

CODE = "HTX4J7K"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock(NOON)


@pytest.fixture
def provider(clock: MovingClock) -> Iterator[FakeTwilio]:
    with FakeTwilio(clock=clock) as running:
        yield running


@pytest.fixture
def message() -> Message:
    return Message(
        message_id="msg_1",
        decision_id="dec_1",
        person_id="per_1",
        channel="sms",
        action="sms_morning",
        destination="+4915112345678",
        body=f"Example Bank: may we help with your mortgage? Ref {CODE}",
        reference=CODE,
        expires_at=datetime(2026, 3, 2, 12, 30, tzinfo=UTC),
        details={"validity_s": "1800", "queue": "mortgage"},
    )
