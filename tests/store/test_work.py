from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engage.domain.callbacks import CallbackState
from engage.domain.cases import CaseState
from engage.store import Store, callbacks, cases, slots
from engage.store.callbacks import Callback
from tests.store.samples import HOUR, MINUTE, NOON, rows


def slot(number: int, capacity: int = 1, hours: int = 1) -> dict[str, object]:
    begins = NOON + hours * HOUR
    return {
        "slot_id": f"slt_{number}",
        "queue": "sales",
        "starts_at": begins,
        "ends_at": begins + 30 * MINUTE,
        "capacity": capacity,
    }


def test_two_hundred_picks_at_once_on_ten_places_have_ten_winners(
    open_store: Callable[[], Store],
) -> None:
    stores = [open_store(), open_store()]
    with stores[0].write() as tx:
        slots.publish(tx, rows(*(slot(number, capacity=2) for number in range(5))))

    def pick(number: int) -> bool:
        with stores[number % 2].write() as tx:
            return slots.book(tx, f"slt_{number % 5}")

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(pick, range(200))) == 10
    with stores[0].read() as tx:
        assert slots.free(tx).num_rows == 0


def test_free_slots_are_listed_the_earliest_first_with_their_places(store: Store) -> None:
    with store.write() as tx:
        slots.publish(tx, rows(slot(1, 2, hours=3), slot(2, 1, hours=1), slot(3, 1, hours=9)))
        slots.book(tx, "slt_1")
        found = slots.free(tx, "sales", NOON, NOON + 4 * HOUR).select(["slot_id", "free"])
        assert slots.free(tx, "service").num_rows == 0
        assert not slots.book(tx, "slt_unknown")
    assert found.to_pylist() == [{"slot_id": "slt_2", "free": 1}, {"slot_id": "slt_1", "free": 1}]


def test_publishing_again_keeps_what_is_booked(store: Store) -> None:
    with store.write() as tx:
        slots.publish(tx, rows(slot(1, 3)))
        slots.book(tx, "slt_1")
        slots.book(tx, "slt_1")
        slots.publish(tx, rows(slot(1, 1)))
        held = slots.get(tx, "slt_1")
        assert held is not None
        # Two are promised, so it cannot shrink to one.
        assert (held["capacity"], held["booked"]) == (2, 2)
        assert slots.release(tx, "slt_1")
        assert slots.release(tx, "slt_1")
        assert not slots.release(tx, "slt_1")


def test_a_call_back_passes_from_booking_to_conversation_once(store: Store) -> None:
    made = Callback("cal_1", "per_a", CallbackState.OFFERED, NOON, NOON, decision_id="dec_1")
    with store.write() as tx:
        slots.publish(tx, rows(slot(1)))
        assert callbacks.add(tx, made)
        assert not callbacks.add(tx, made)
        assert callbacks.move(
            tx, "cal_1", CallbackState.OFFERED, CallbackState.BOOKED, now=NOON, slot_id="slt_1"
        )
        assert not callbacks.move(
            tx, "cal_1", CallbackState.OFFERED, CallbackState.LAPSED, now=NOON
        )
        assert callbacks.due(tx, NOON) == []
        assert [one.callback_id for one in callbacks.due(tx, NOON + HOUR)] == ["cal_1"]
        assert callbacks.read(tx, states=[CallbackState.OFFERED]) == []
        assert callbacks.read(tx, person_ids=["per_a"], slot_id="slt_1") == [
            callbacks.get(tx, "cal_1")
        ]


def case(number: int, value: float | None) -> dict[str, object]:
    return {
        "case_id": f"cas_{number}",
        "person_id": f"per_{number}",
        "subject_id": f"int_{number}",
        "trigger": "call_unresolved",
        "decision_id": None,
        "opened_at": NOON,
        "due_at": NOON + HOUR,
        "rank_value": value,
        "reasons": "[]",
    }


def test_cases_are_one_ranked_list(store: Store) -> None:
    with store.write() as tx:
        assert cases.open_new(tx, rows(case(1, 5.0), case(2, 9.0), case(3, None))) == 3
        assert cases.open_new(tx, rows(case(1, 100.0))) == 0
        assert cases.listed(tx)["case_id"].to_pylist() == ["cas_2", "cas_1", "cas_3"]
        assert cases.rank(tx, rows({"case_id": "cas_1", "rank_value": 10.0})) == 1
        assert cases.listed(tx, limit=1)["case_id"].to_pylist() == ["cas_1"]


def test_a_case_has_one_owner_its_attempts_and_an_end(store: Store) -> None:
    with store.write() as tx:
        cases.open_new(tx, rows(case(1, 5.0)))
        assert cases.take(tx, "cas_1", "agent-a")
        assert not cases.take(tx, "cas_1", "agent-b")
        assert cases.attempt(tx, "cas_1", "not_reached", NOON) == 1
        assert cases.attempt(tx, "cas_1", "reached", NOON + HOUR, "agreed") == 2
        assert cases.close(tx, "cas_1", "solved", NOON + HOUR)
        assert not cases.close(tx, "cas_1", "solved", NOON + HOUR)
        assert cases.rank(tx, rows({"case_id": "cas_1", "rank_value": 10.0})) == 0
        held = cases.get(tx, "cas_1")
        assert cases.listed(tx).num_rows == 0
    assert held is not None
    assert (held["state"], held["owner"], held["disposition"]) == (
        CaseState.CLOSED,
        "agent-a",
        "solved",
    )
