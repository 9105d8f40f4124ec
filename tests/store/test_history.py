from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engage.domain.events import EVENTS
from engage.domain.sessions import SESSIONS
from engage.errors import StoreUnavailable
from engage.store import Store, history, manifest, parquet, rows
from engage.store.history import History
from tests.store.archive import AT_ONCE, EVENING, add, ids, seen, visit
from tests.store.samples import DAY, HOUR, MINUTE, NOON, events


def test_archived_and_hot_rows_together_are_all_rows_once(store: Store, kept: History) -> None:
    add(store, events(5))
    assert kept.archive(EVENING, settled=AT_ONCE)["events"] == 5
    add(store, events(4, start=3))
    assert seen(kept) == ids(7)
    assert kept.archive(EVENING, settled=AT_ONCE)["events"] == 2
    assert kept.archive(EVENING, settled=AT_ONCE)["events"] == 0
    assert seen(kept) == ids(7)


def test_a_relation_comes_back_with_every_column_as_it_was(store: Store, kept: History) -> None:
    add(store, events(3, name="calculator", properties='{"a": 1}', zone="Europe/Berlin"))
    with store.read() as tx:
        before = rows.read(tx, EVENTS)
    kept.archive(EVENING, settled=AT_ONCE)
    assert kept.table("events").equals(before)


def test_rows_lie_in_a_folder_for_each_day_and_are_read_in_chunks(
    store: Store, kept: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "CHUNK", 700)
    monkeypatch.setattr(rows, "_PAGE", 500)
    # 3000 minutes from noon on: 720 of them on the first day, 1440 on the second, 840 on the third.
    add(store, events(3000))
    assert seen(kept) == ids(3000)
    assert kept.archive(NOON + 9 * DAY)["events"] == 3000
    days: Counter[str] = Counter()
    for path in kept.folder.glob("events/*/*.parquet"):
        days[path.parent.name] += pq.read_metadata(path).num_rows
    assert days == {"2026-03-02": 720, "2026-03-03": 1440, "2026-03-04": 840}
    assert seen(kept) == ids(3000)


def test_what_was_stored_a_moment_ago_waits(store: Store, kept: History) -> None:
    add(store, events(2), at=EVENING - 2 * HOUR)
    add(store, events(2, start=2), at=EVENING - MINUTE)
    assert kept.archive(EVENING)["events"] == 2
    assert seen(kept) == ids(4)


def test_cold_rows_leave_the_database_and_nothing_is_lost(
    store: Store, kept: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "PRUNED_AT_ONCE", 2)
    add(store, events(5))
    add(store, events(2, start=60 * 24 * 20), at=NOON + 20 * DAY)
    kept.archive(NOON + 31 * DAY, hot_d=30)
    with store.read() as tx:
        assert rows.count(tx, EVENTS) == 2
    assert len(seen(kept)) == 7


def test_old_rows_that_came_lately_stay_so_that_they_still_count_once(
    store: Store, kept: History
) -> None:
    old = events(3)
    add(store, old, at=NOON + 400 * DAY)
    kept.archive(NOON + 401 * DAY, hot_d=30)
    with store.write() as tx:
        assert rows.add(tx, EVENTS, old, NOON + 402 * DAY) == 0


def test_rows_that_come_again_after_they_were_pruned_count_once(
    store: Store, kept: History
) -> None:
    add(store, events(3))
    kept.archive(NOON + 40 * DAY, hot_d=30)
    add(store, events(4), at=NOON + 41 * DAY)
    assert seen(kept) == ids(4)
    kept.archive(NOON + 42 * DAY)
    assert seen(kept) == ids(4)


def test_of_a_row_written_again_the_newest_counts(store: Store, kept: History) -> None:
    add(store, events(3))
    kept.archive(EVENING, settled=AT_ONCE)
    with store.write() as tx:
        rows.replace(tx, EVENTS, events(1, start=1, session_id="ses_b"), EVENING)
    for _ in range(2):
        held = {row["event_id"]: row["session_id"] for row in kept.table("events").to_pylist()}
        assert held == {"evt_000000": "ses_a", "evt_000001": "ses_b", "evt_000002": "ses_a"}
        kept.archive(EVENING + DAY)


def test_a_row_taken_back_is_gone_from_the_archive_too(store: Store, kept: History) -> None:
    with store.write() as tx:
        rows.add(tx, SESSIONS, pa.concat_tables([visit("ses_a"), visit("ses_b")]), NOON)
    kept.archive(EVENING, settled=AT_ONCE)
    with store.write() as tx:
        assert rows.remove(tx, SESSIONS, ["ses_b"], EVENING) == 1
        assert rows.read(tx, SESSIONS)["session_id"].to_pylist() == ["ses_a"]
    assert seen(kept, "sessions") == ["ses_a"]
    kept.archive(EVENING + DAY)
    assert seen(kept, "sessions") == ["ses_a"]


def test_a_row_that_was_never_archived_leaves_nothing_behind(store: Store, kept: History) -> None:
    with store.write() as tx:
        rows.add(tx, SESSIONS, visit("ses_a"), NOON)
        rows.remove(tx, SESSIONS, ["ses_a"], NOON)
        rows.add(tx, SESSIONS, visit("ses_a"), NOON)
    assert seen(kept, "sessions") == ["ses_a"]


def test_a_visit_that_was_written_again_and_then_taken_back_does_not_come_back(
    store: Store, kept: History
) -> None:
    with store.write() as tx:
        rows.add(tx, SESSIONS, visit("ses_a"), NOON)
    kept.archive(EVENING, settled=AT_ONCE)
    with store.write() as tx:
        rows.replace(tx, SESSIONS, visit("ses_a", person="per_b"), EVENING)
        rows.remove(tx, SESSIONS, ["ses_a"], EVENING)
    assert seen(kept, "sessions") == []


def test_compaction_removes_what_no_longer_counts_and_changes_nothing_else(
    store: Store, kept: History
) -> None:
    add(store, events(6))
    kept.archive(EVENING, settled=AT_ONCE)
    with store.write() as tx:
        rows.replace(tx, EVENTS, events(2, session_id="ses_b"), EVENING)
        rows.remove(tx, EVENTS, ["evt_000005"], EVENING)
    before = kept.table("events")
    assert kept.compact(EVENING)["events"] == 3
    assert kept.table("events").equals(before)
    assert not kept.relations(["events"])["events"].amended
    assert kept.compact(EVENING)["events"] == 0
    # The old file is there for whoever still reads it; the next run removes it.
    assert len(list(kept.folder.glob("events/*/*.parquet"))) == 2
    kept.archive(EVENING + DAY)
    assert kept.table("events").equals(before)
    add(store, events(6))
    assert seen(kept) == ids(6)


def test_what_was_not_known_by_then_need_not_be_read(store: Store, kept: History) -> None:
    add(store, events(2))
    add(store, events(1, start=60 * 24 * 3))
    kept.archive(NOON + 4 * DAY)
    add(store, events(1, start=60 * 24 * 5), at=NOON + 5 * DAY)
    source = kept.relations(["events"], until=NOON + HOUR)["events"]
    assert [Path(path).parent.name for path in source.files] == ["2026-03-02"]
    assert source.hot.num_rows == 0
    # An appointment is known before it takes place.
    assert not {"appointments", "people", "exclusions"} & parquet.NEVER_AHEAD


def test_a_file_that_is_gone_is_named(store: Store, kept: History) -> None:
    add(store, events(2))
    kept.archive(EVENING, settled=AT_ONCE)
    next(kept.folder.glob("events/*/*.parquet")).unlink()
    with pytest.raises(StoreUnavailable, match=r"history file .*parquet is gone"):
        kept.relations()
