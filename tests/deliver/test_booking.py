from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from engage.channels.callback import Callback as AgentsList
from engage.deliver import booking
from engage.domain.callbacks import CallbackState
from engage.domain.messages import MessageState
from engage.store import Store, callbacks, outbox, slots
from engage.store.callbacks import Callback
from tests.deliver.bench import NOON, Bench
from tests.store.samples import rows as table

C = CallbackState
HOUR = timedelta(hours=1)


def publish(store: Store, *ids: str, capacity: int = 1, starts: Any = NOON + HOUR) -> None:
    with store.write() as tx:
        slots.publish(
            tx,
            table(
                *(
                    {
                        "slot_id": one,
                        "queue": "mortgage",
                        "starts_at": starts,
                        "ends_at": starts + HOUR,
                        "capacity": capacity,
                    }
                    for one in ids
                )
            ),
        )


def promise(
    store: Store, decision: str, wanted: Sequence[str], state: C = C.OFFERED, person: str = "per_x"
) -> Callback | None:
    with store.write() as tx:
        return booking.promise(
            tx,
            decision_id=decision,
            person_id=person,
            slot_ids=wanted,
            now=NOON,
            state=state,
        )


def booked(store: Store, slot_id: str) -> int:
    with store.read() as tx:
        slot = slots.get(tx, slot_id)
    assert slot is not None
    return int(slot["booked"])


def state(store: Store, held: Callback) -> C:
    with store.read() as tx:
        found = callbacks.get(tx, held.callback_id)
    assert found is not None
    return found.state


def test_the_first_slot_with_a_place_is_promised(store: Store) -> None:
    publish(store, "s1", "s2")
    first = promise(store, "a", ["s1", "s2"])
    second = promise(store, "b", ["s1", "s2"])
    third = promise(store, "c", ["s1", "s2"])
    assert first is not None
    assert second is not None
    assert (first.slot_id, second.slot_id, third) == ("s1", "s2", None)
    assert (first.state, first.phone_needed) == (C.OFFERED, True)


def test_promising_again_changes_nothing(store: Store) -> None:
    publish(store, "s1", "s2", capacity=5)
    assert promise(store, "a", ["s1"]) == promise(store, "a", ["s1"])
    assert promise(store, "a", ["s2"]) is None
    assert (booked(store, "s1"), booked(store, "s2")) == (1, 0)


def test_a_slot_that_is_over_or_unknown_is_not_promised(store: Store) -> None:
    publish(store, "past", starts=NOON - HOUR)
    assert promise(store, "a", ["past", "nowhere"]) is None


def test_a_slot_is_never_sold_twice(store: Store, open_store: Callable[[], Store]) -> None:
    """60 picks at the same moment on 4 slots of 3 places: 12 promises, 48 refusals."""
    publish(store, "s1", "s2", "s3", "s4", capacity=3)
    stores = [open_store() for _ in range(4)]

    def pick(number: int) -> Callback | None:
        slot = f"s{1 + number % 4}"
        return promise(stores[number % 4], f"dec_{number}", [slot], C.BOOKED)

    with ThreadPoolExecutor(8) as people:
        won = [held for held in people.map(pick, range(60)) if held is not None]
    assert len(won) == 12
    assert [booked(store, f"s{number}") for number in range(1, 5)] == [3, 3, 3, 3]


def test_the_same_decision_promised_twice_at_once_holds_one_place(
    store: Store, open_store: Callable[[], Store]
) -> None:
    publish(store, "s1", "s2")
    stores = [open_store() for _ in range(4)]

    def pick(number: int) -> Callback | None:
        return promise(stores[number % 4], "dec_same", [f"s{1 + number % 2}"], C.BOOKED)

    with ThreadPoolExecutor(8) as tabs:
        list(tabs.map(pick, range(8)))
    assert booked(store, "s1") + booked(store, "s2") == 1


def test_a_promised_call_moves_to_another_slot(store: Store) -> None:
    publish(store, "s1", "s2", "s3")
    held = promise(store, "a", ["s1"], C.BOOKED)
    promise(store, "b", ["s3"])
    assert held is not None
    with store.write() as tx:
        assert booking.move(tx, held.callback_id, "s2", NOON)
        assert booking.move(tx, held.callback_id, "s2", NOON)
        assert not booking.move(tx, held.callback_id, "s3", NOON)
        assert not booking.move(tx, "cal_unknown", "s2", NOON)
        moved = callbacks.get(tx, held.callback_id)
    assert moved is not None
    assert (moved.slot_id, moved.state) == ("s2", C.BOOKED)
    assert [booked(store, one) for one in ("s1", "s2", "s3")] == [0, 1, 1]


def test_a_cancelled_call_gives_its_place_back_once(store: Store) -> None:
    publish(store, "s1", capacity=2)
    held = promise(store, "a", ["s1"])
    promise(store, "b", ["s1"])
    assert held is not None
    with store.write() as tx:
        assert booking.cancel(tx, held.callback_id, NOON)
        assert not booking.cancel(tx, held.callback_id, NOON)
    assert (booked(store, "s1"), state(store, held)) == (1, C.CANCELLED)


def with_slot(bench: Bench, number: int) -> tuple[str, Callback]:
    """A decision to call at one o'clock: the slot is held, the message is due when it begins."""
    publish(bench.store, "s1", capacity=5)
    message_id = bench.message(
        number,
        channel="callback",
        action="call",
        due_at=NOON + HOUR,
        expires_at=NOON + 2 * HOUR,
    )
    decision_id = bench.claim(message_id).message.decision_id
    held = promise(bench.store, decision_id, ["s1"], person=f"per_{number}")
    assert held is not None
    return message_id, held


def test_a_call_that_the_provider_dials_is_dialled(bench: Bench) -> None:
    message_id, held = with_slot(bench, 1)
    bench.later(hours=1)
    assert bench.deliver().done == 1
    assert bench.state(message_id) is MessageState.SENT
    assert state(bench.store, held) is C.DIALLED


def test_a_call_on_the_agents_list_is_due_when_its_slot_begins(bench: Bench) -> None:
    bench.channels["callback"] = AgentsList()
    message_id, held = with_slot(bench, 1)
    bench.later(hours=1)
    assert bench.deliver().done == 1
    assert bench.state(message_id) is MessageState.DELIVERED
    with bench.store.read() as tx:
        assert [one.callback_id for one in callbacks.due(tx, NOON + HOUR)] == [held.callback_id]


def test_a_call_without_a_slot_is_written_down_when_it_is_made(bench: Bench) -> None:
    message_id = bench.message(1, channel="callback", action="call")
    bench.deliver()
    with bench.store.read() as tx:
        (made,) = callbacks.read(tx, person_ids=["per_1"])
    assert made.decision_id == bench.claim(message_id).message.decision_id
    assert (made.state, made.slot_id, made.phone_needed) == (C.DIALLED, None, False)


@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_the_place_of_a_call_that_will_not_be_made_is_given_back(bench: Bench, how: str) -> None:
    _, lost = with_slot(bench, 1)
    _, kept = with_slot(bench, 2)
    with bench.store.write() as tx:
        assert booking.release_lapsed(tx, NOON) == 0
        if how == "cancelled":
            outbox.cancel(tx, ["per_1"], now=NOON, note="stop")
    if how == "expired":
        bench.later(hours=2)
    bench.deliver()
    assert state(bench.store, lost) is C.LAPSED
    assert state(bench.store, kept) is (C.OFFERED if how == "cancelled" else C.LAPSED)
    assert booked(bench.store, "s1") == (1 if how == "cancelled" else 0)


def test_a_place_that_was_held_for_a_message_nobody_took_is_given_back(store: Store) -> None:
    publish(store, "s1")
    held = promise(store, "a", ["s1"])
    assert held is not None
    with store.write() as tx:
        assert booking.release_lapsed(tx, NOON) == 1
    assert (state(store, held), booked(store, "s1")) == (C.LAPSED, 0)


def test_a_call_without_an_outcome_is_forgotten_a_day_after_its_slot(bench: Bench) -> None:
    _, held = with_slot(bench, 1)
    bench.later(hours=1)
    bench.deliver()
    assert state(bench.store, held) is C.DIALLED
    bench.clock.set(NOON + 2 * HOUR + timedelta(hours=23, minutes=59))
    bench.deliver()
    assert state(bench.store, held) is C.DIALLED
    bench.later(minutes=1)
    bench.deliver()
    assert state(bench.store, held) is C.LAPSED


def test_a_call_to_be_made_at_once_is_due_at_once(store: Store) -> None:
    with store.write() as tx:
        made = booking.call_now(tx, decision_id="dec_1", person_id="per_1", now=NOON)
        assert callbacks.due(tx, NOON) == [made]
        assert callbacks.due(tx, NOON - HOUR) == []
