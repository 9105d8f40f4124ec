"""A thousand customers pick a call-back at the same moment, and no slot is sold twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from engage.deliver import booking
from engage.domain.callbacks import CallbackState
from engage.store import Store, slots
from tests.store.samples import HOUR, NOON, rows

SLOTS, PICKS, DOORS = 50, 1_000, 16


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_thousand_picks_on_fifty_slots_have_fifty_winners(
    store: Store, open_store: Callable[[], Store]
) -> None:
    ids = [f"slot_{number:02}" for number in range(SLOTS)]
    times = {"starts_at": NOON + HOUR, "ends_at": NOON + HOUR + timedelta(minutes=30)}
    published = [{"slot_id": one, "queue": "service", "capacity": 1, **times} for one in ids]
    with store.write() as tx:
        slots.publish(tx, rows(*published))
    doors = [open_store() for _ in range(DOORS)]

    def pick(number: int) -> str | None:
        with doors[number % DOORS].write() as tx:
            held = booking.promise(
                tx,
                decision_id=f"dec_{number}",
                person_id=f"per_{number}",
                slot_ids=[ids[number * 7 % SLOTS]],
                now=NOON,
                state=CallbackState.BOOKED,
            )
        return None if held is None else held.slot_id

    with ThreadPoolExecutor(DOORS) as customers:
        won = list(customers.map(pick, range(PICKS)))
    found = Counter(won)
    assert (found.pop(None), found) == (PICKS - SLOTS, dict.fromkeys(ids, 1))
    with store.read() as tx:
        assert slots.free(tx).num_rows == 0
