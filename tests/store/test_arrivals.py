from __future__ import annotations

from datetime import datetime

from engage.domain.events import EVENTS
from engage.store import Store, arrivals
from engage.store import rows as relation_rows
from tests.store.samples import HOUR, NOON, events

NAME = "pages_read"


def store_events(store: Store, first: int, *known_at: datetime) -> None:
    with store.write() as tx:
        for number, moment in enumerate(known_at, first):
            relation_rows.add(tx, EVENTS, events(1, number, known_at=moment), NOON)


def read(store: Store, now: datetime, limit: int = 100) -> list[str]:
    with store.write() as tx:
        found, after = arrivals.fresh(tx, EVENTS, arrivals.place(tx, NAME), now, limit=limit)
        arrivals.keep(tx, NAME, after)
    return [one.removeprefix("evt_00000") for one in found["event_id"].to_pylist()]


def test_what_is_known_is_read_once(store: Store) -> None:
    store_events(store, 0, NOON, NOON)
    assert read(store, NOON) == ["0", "1"]
    assert read(store, NOON) == []
    store_events(store, 2, NOON)
    assert read(store, NOON + HOUR) == ["2"]


def test_what_is_not_known_yet_is_passed_over_and_read_when_it_is(store: Store) -> None:
    store_events(store, 0, NOON, NOON + 2 * HOUR, NOON, NOON + 3 * HOUR)
    assert read(store, NOON) == ["0", "2"]
    store_events(store, 4, NOON + HOUR)
    assert read(store, NOON + HOUR) == ["4"]
    assert read(store, NOON + 2 * HOUR) == ["1"]
    assert read(store, NOON + 2 * HOUR) == []
    assert read(store, NOON + 9 * HOUR) == ["3"]
    assert read(store, NOON + 9 * HOUR) == []


def test_a_row_that_is_known_in_a_hundred_years_holds_up_nothing(store: Store) -> None:
    store_events(store, 0, NOON.replace(year=2126), *[NOON] * 5)
    assert read(store, NOON, limit=2) == ["1"]
    assert read(store, NOON, limit=2) == ["2", "3"]
    assert read(store, NOON, limit=2) == ["4", "5"]
    assert read(store, NOON, limit=2) == []


def test_a_look_at_the_past_leaves_the_rest_for_the_present(store: Store) -> None:
    store_events(store, 0, NOON, NOON + HOUR, NOON + HOUR)
    assert read(store, NOON) == ["0"]
    assert read(store, NOON - HOUR) == []
    store_events(store, 3, NOON)
    assert read(store, NOON - HOUR) == []
    assert read(store, NOON + HOUR) == ["1", "2", "3"]
