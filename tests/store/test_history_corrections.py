"""What contacts said first and later goes through the history together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa

from engage.domain.interactions import CORRECTIONS, INTERACTIONS
from engage.features.engines.duckdb import DuckEngine
from engage.store import Store, live, rows
from engage.store.history import History
from tests.store.archive import AT_ONCE, EVENING
from tests.store.samples import DAY, HOUR, NOON

LAST = "SELECT interaction_id, topic FROM contacts_corrected ORDER BY interaction_id"
NOBODY = pa.schema([("subject_id", pa.string())]).empty_table()


def call(number: int, topic: str, later: timedelta | None = None) -> dict[str, Any]:
    """Return what the record of a call at noon says at once, or so much later."""
    known = NOON + (later or 0 * HOUR)
    row = {"interaction_id": f"int_{number}", "person_id": "per_a", "ts": NOON, "known_at": known}
    row |= {"channel": "call", "initiated_by": "customer", "topic": topic}
    return row if later is None else row | {"corrected_at": known}


def add(store: Store, *said: dict[str, Any], at: timedelta) -> None:
    for relation, is_later in ((INTERACTIONS, False), (CORRECTIONS, True)):
        some = [one for one in said if ("corrected_at" in one) is is_later]
        if some:
            with store.write() as tx:
                rows.add(tx, relation, pa.Table.from_pylist(some), NOON + at)


def topics(kept: History, **how: Any) -> list[str]:
    """Return the topic of each contact by its last word, as the history has it."""
    with DuckEngine(kept.relations(**how), folder=str(kept.folder)) as engine:
        found: list[str] = engine.table(LAST, subjects=NOBODY)["topic"].to_pylist()
    return found


def test_the_last_word_is_the_same_hot_archived_pruned_and_compacted(
    store: Store, kept: History
) -> None:
    add(store, call(0, "card"), call(1, "card"), at=0 * HOUR)
    add(store, call(0, "loan", DAY), at=DAY)
    assert topics(kept) == ["loan", "card"]
    archived = kept.archive(NOON + 2 * DAY, settled=AT_ONCE)
    assert (archived["interactions"], archived["corrections"]) == (2, 1)
    add(store, call(0, "login", 3 * DAY), call(1, "loan", 3 * DAY), at=3 * DAY)
    assert topics(kept) == ["login", "loan"]
    kept.archive(NOON + 40 * DAY)
    with store.read() as tx:
        assert [rows.count(tx, one) for one in (INTERACTIONS, CORRECTIONS)] == [0, 0]
    assert topics(kept) == ["login", "loan"]
    kept.compact(NOON + 40 * DAY)
    assert topics(kept) == ["login", "loan"]
    assert kept.table("interactions")["topic"].to_pylist() == ["card", "card"]
    assert kept.table("corrections")["topic"].to_pylist() == ["loan", "login", "loan"]


def test_a_correction_that_comes_when_its_record_is_archived_long_since_counts(
    store: Store, kept: History
) -> None:
    add(store, call(0, "card"), at=0 * HOUR)
    kept.archive(NOON + 40 * DAY)
    add(store, call(0, "loan", 41 * DAY), at=41 * DAY)
    for _ in range(2):
        assert topics(kept) == ["loan"]
        kept.archive(NOON + 42 * DAY)
    kept.compact(NOON + 42 * DAY)
    assert kept.table("corrections").num_rows == 1


def test_a_record_that_is_told_again_when_it_was_pruned_does_not_replace_its_first_word(
    store: Store, kept: History
) -> None:
    """Else an export of everything would tell models of the past what was found out since."""
    add(store, call(0, "card"), at=0 * HOUR)
    kept.archive(NOON + 40 * DAY)
    add(store, call(0, "loan"), call(1, "loan"), at=41 * DAY)
    assert topics(kept) == ["card", "loan"]
    # What came again is in no file yet, so there is nothing to remove and much to lose.
    assert kept.compact(NOON + 41 * DAY)["interactions"] == 0
    assert topics(kept) == ["card", "loan"]
    kept.archive(NOON + 42 * DAY)
    assert topics(kept) == ["card", "loan"]
    assert kept.compact(NOON + 42 * DAY)["interactions"] == 1
    assert kept.compact(NOON + 42 * DAY)["interactions"] == 0
    assert topics(kept) == ["card", "loan"]
    kept.archive(NOON + 90 * DAY)
    assert kept.table("interactions")["topic"].to_pylist() == ["card", "loan"]


def test_what_was_corrected_later_need_not_be_read(store: Store, kept: History) -> None:
    add(store, call(0, "card"), call(0, "loan", DAY), at=DAY)
    assert topics(kept, until=NOON + HOUR) == ["card"]
    assert topics(kept, until=NOON + DAY) == ["loan"]


def test_the_live_path_hands_over_what_was_said_later(store: Store) -> None:
    add(store, call(0, "card"), call(0, "loan", HOUR), at=HOUR)
    with store.read() as tx:
        found = live.relations(tx, ["per_a"], EVENING - DAY)
    assert found["interactions"]["topic"].to_pylist() == ["card"]
    assert found["corrections"]["topic"].to_pylist() == ["loan"]
