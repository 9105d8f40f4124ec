"""The bench of every test of delivery: a database, a local provider, a clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engage.channels.twilio.fake import FakeTwilio
from engage.clock import MovingClock
from engage.store import Store
from tests.deliver.bench import NOON, Bench


@pytest.fixture
def bench(store: Store) -> Iterator[Bench]:
    clock = MovingClock(NOON)
    with FakeTwilio(clock=clock) as provider:
        yield Bench(store, provider, clock)
