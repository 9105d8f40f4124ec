"""Rosters come in: the last word counts, nothing is lost, and the plan follows."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engage.app.intake_files import import_file
from engage.app.intake_preview import preview
from engage.app.intake_retry import import_named, retry
from engage.collect.mapping_file import parse
from engage.collect.roster import OVERLAP
from engage.domain.staffing import STAFFING
from engage.store import Store, quarantine, staffing
from tests.app.importing import HOUR, NOW, Bring, held
from tests.app.test_checkup import about
from tests.bank import Bank
from tests.collect.samples import utc

MAPPING = """
kind = "staffing"
[columns]
queue = { column = "team" }
starts_at = { column = "from", zone = "Europe/Berlin" }
ends_at = { from = "starts_at", plus_s = 1800 }
agents = { column = "agents" }
"""
HEADER = "team,from,agents\n"
WEEK = HEADER + "cards,2026-06-02 09:00,3\ncards,2026-06-02 09:30,2.5\nloans,2026-06-02 09:00,1\n"
TWICE = HEADER + "cards,2026-10-25 02:00,4\ncards,2026-10-25 02:30,4\ncards,2026-10-25 02:00,2\n"


def said(store: Store, queue: str = "cards") -> list[tuple[datetime, float, datetime]]:
    rows = held(store, STAFFING).to_pylist()
    return [(one["starts_at"], one["agents"], one["known_at"]) for one in rows if one["queue"] == queue]  # fmt: skip


def test_a_roster_that_comes_in_again_changes_nothing_under_any_name(
    bring: Bring, store: Store
) -> None:
    first = bring(MAPPING, WEEK, name="a.csv")
    before = held(store, STAFFING)
    assert (first.rows_read, first.rows_new, first.rows_known) == (3, 3, 0)
    for hours, name in ((1, "a.csv"), (2, "b.csv")):
        again = bring(MAPPING, WEEK, name=name, now=NOW + hours * HOUR)
        assert (again.rows_new, again.rows_known) == (0, 3)
    assert held(store, STAFFING) == before


def test_a_newer_roster_is_the_last_word_and_the_older_is_kept(bring: Bring, store: Store) -> None:
    bring(MAPPING, WEEK)
    newer = HEADER + "cards,2026-06-02 09:00,3\ncards,2026-06-02 09:30,0\n"
    report = bring(MAPPING, newer, now=NOW + HOUR)
    assert (report.rows_new, report.rows_known) == (1, 1)
    moment = NOW.replace(tzinfo=None)
    nine, half_past = utc(2026, 6, 2, 7), utc(2026, 6, 2, 7, 30)
    assert said(store) == [
        (nine, 3.0, moment),
        (half_past, 2.5, moment),
        (half_past, 0.0, moment + timedelta(hours=1)),
    ]


def test_an_old_roster_does_not_come_back_when_its_file_is_imported_again(
    bring: Bring, store: Store, tmp_path: Path
) -> None:
    bring(MAPPING, WEEK, name="old.csv")
    bring(MAPPING, HEADER + "cards,2026-06-02 09:00,7\n", now=NOW + HOUR)
    before = held(store, STAFFING)
    look = preview(tmp_path / "old.csv", parse(MAPPING), now=NOW + 2 * HOUR, store=store)
    assert (look.rows_new, look.rows_known) == (0, 3)
    again = bring(MAPPING, WEEK, name="old.csv", now=NOW + 2 * HOUR)
    assert (again.rows_new, again.rows_known) == (0, 3)
    assert held(store, STAFFING) == before
    # What differs by a byte is another file, and by its import the last word.
    assert bring(MAPPING, WEEK + "\n", now=NOW + 3 * HOUR).rows_new == 1


@pytest.mark.parametrize("dated", ["", 'known_at = { constant = "2026-06-01T12:00Z" }'])
@pytest.mark.parametrize("size", [1, 2])
def test_an_import_that_was_stopped_still_knows_which_hour_came_first(
    store: Store, tmp_path: Path, size: int, dated: str
) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(TWICE)
    mapping = parse(MAPPING + dated)

    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(store, "staffing", path, mapping, now=NOW, progress=stop, chunk_rows=size)
    report = import_file(store, "staffing", path, mapping, now=NOW + HOUR, chunk_rows=size)
    assert report.rows_before == size
    # 02:00 is shown at 00:00 and 01:00 UTC; all of it is known since the import first began.
    hours = [(0, 0, 4.0), (0, 30, 4.0), (1, 0, 2.0)]
    moment = NOW.replace(tzinfo=None)
    assert said(store) == [(utc(2026, 10, 25, h, m), agents, moment) for h, m, agents in hours]


def test_what_only_a_wrong_reading_of_the_file_saw_is_taken_back(
    bring: Bring, store: Store
) -> None:
    day = HEADER + "cards,2026-06-02 09:00,3\ncards,2026-06-02 09:30,3\nloans,2026-06-02 09:00,1\n"
    wrong = MAPPING.replace("Europe/Berlin", "Europe/London")
    bring(wrong, day)
    bring(MAPPING, HEADER + "loans,2026-06-02 10:00,5\n", now=NOW + HOUR)
    report = bring(MAPPING, day, now=NOW + 2 * HOUR)
    # In summer 09:00 is 08:00 UTC in London and 07:00 in Berlin: 08:00 and 08:30 are of nobody now.
    # What another roster said of the loans at 08:00 holds.
    assert (report.rows_new, report.rows_taken_back) == (3, 2)
    agents = {at: (n, known) for at, n, known in said(store)}
    assert {f"{at:%H:%M}": n for at, (n, _) in agents.items()} == {
        "07:00": 3.0,
        "07:30": 3.0,
        "08:00": 0.0,
        "08:30": 0.0,
    }
    assert [n for at, n, _ in said(store, "loans") if at == utc(2026, 6, 2, 8)] == [1.0, 5.0]
    for mapping in (wrong, MAPPING):
        again = bring(mapping, day, now=NOW + 3 * HOUR)
        assert (again.rows_new, again.rows_taken_back) == (0, 0)


def test_a_file_that_is_read_queue_by_queue_keeps_them_all(bring: Bring, store: Store) -> None:
    wide = "from,cards,loans\n2026-06-02 09:00,3,0\n2026-06-02 09:30,2,1\n"
    for queue in ("cards", "loans"):
        one = MAPPING.replace('column = "team"', f'constant = "{queue}"')
        report = bring(one.replace('"agents" }', f'"{queue}" }}'), wide)
        assert (report.rows_new, report.rows_taken_back) == (2, 0)
    assert [n for _, n, _ in said(store)] == [3.0, 2.0]
    assert [n for _, n, _ in said(store, "loans")] == [0.0, 1.0]


def waiting(store: Store) -> list[tuple[int, str]]:
    with store.read() as tx:
        rows = quarantine.read(tx, kind="staffing").to_pylist()
    return [(row["line"], row["reason"]) for row in rows]


def again(store: Store, import_id: str, mapping: str = "", **how: Any) -> Any:
    loaded = parse(mapping) if mapping else None
    return retry(store, import_named(store, import_id), loaded, now=NOW + HOUR, **how)


@pytest.mark.parametrize("bad", [1, 3])
def test_a_row_mended_later_is_still_of_its_own_hour(bring: Bring, store: Store, bad: int) -> None:
    lines = TWICE.splitlines()
    lines[bad] = lines[bad].rpartition(",")[0] + ",nobody"
    report = bring(MAPPING, "\n".join(lines) + "\n")
    assert (report.rows_new, report.rows_bad) == (2, 1)
    mended = MAPPING.replace('"agents" }', '"agents", values = { nobody = 0 }, unlisted = "keep" }')
    assert again(store, report.import_id, mended).rows_new == 1
    agents = [4.0, 4.0, 2.0]
    agents[bad - 1] = 0.0
    hours = [(0, 0), (0, 30), (1, 0)]
    assert [(at, n) for at, n, _ in said(store)] == [
        (utc(2026, 10, 25, *hour), n) for hour, n in zip(hours, agents, strict=True)
    ]
    assert waiting(store) == []


@pytest.mark.parametrize("size", [1, 2, 9])
def test_rows_mended_together_are_each_of_their_own_hour(
    bring: Bring, store: Store, size: int
) -> None:
    rows = [f"{queue},2026-10-25 02:00,{n}" for n in "12" for queue in ("cards", "loans")]
    bad = HEADER + "\n".join([rows[0], rows[1] + "x", rows[2] + "x", rows[3] + "x"]) + "\n"
    report = bring(MAPPING, bad)
    assert (report.rows_new, report.rows_bad) == (1, 3)
    mended = MAPPING.replace('"agents" }', '"agents", values = { 1x = 1, 2x = 2 } }')
    assert again(store, report.import_id, mended, chunk_rows=size).rows_bad == 0
    for queue in ("cards", "loans"):
        first, second = utc(2026, 10, 25, 0), utc(2026, 10, 25, 1)
        assert [(at, n) for at, n, _ in said(store, queue)] == [(first, 1.0), (second, 2.0)]


def test_a_queue_that_the_settings_lack_is_set_aside_with_the_nearest(
    bring: Bring, store: Store
) -> None:
    report = bring(MAPPING, WEEK.replace("loans", "laons"), queues=["cards", "loans"])
    words = "queue: settings.toml has no [queues.laons]; did you mean 'loans'?"
    assert (report.rows_new, waiting(store)) == (2, [(4, words)])
    assert again(store, report.import_id, queues=["cards", "loans"]).rows_bad == 1
    mended = MAPPING.replace(
        '"team" }', '"team", values = { laons = "loans" }, unlisted = "keep" }'
    )
    assert again(store, report.import_id, mended, queues=["cards", "loans"]).rows_new == 1
    assert said(store, "loans") == [(utc(2026, 6, 2, 7), 1.0, NOW.replace(tzinfo=None))]
    assert waiting(store) == []


def test_a_row_that_contradicts_another_waits_on_however_often_it_is_read(
    bring: Bring, store: Store
) -> None:
    report = bring(MAPPING, WEEK + "cards,2026-06-02 09:15,9\n")
    assert waiting(store) == [(5, OVERLAP)]
    assert again(store, report.import_id).rows_bad == 1
    # By another mapping the same file counts anew, and the row contradicts the same row still.
    said_before = WEEK + "cards,2026-06-02 09:15,9\n"
    later = bring(MAPPING, said_before, source="rota", now=NOW + HOUR)
    assert later.rows_bad == 1
    assert again(store, later.import_id).rows_bad == 1
    assert waiting(store) == [(5, OVERLAP)]
    assert len(said(store)) == 2


def test_the_store_says_until_when_there_is_a_roster(bring: Bring, store: Store) -> None:
    bring(MAPPING, WEEK)
    with store.read() as tx:
        ends = staffing.ends(tx, NOW)
        assert staffing.ends(tx, NOW - HOUR) == {}
        days = {"since": NOW - 24 * HOUR, "until": NOW + 48 * HOUR}
        assert staffing.told(tx, **days, known_by=NOW).num_rows == 3
        assert staffing.told(tx, **days, known_by=NOW - HOUR).num_rows == 0
    assert {queue: f"{end:%d %H:%M %Z}" for queue, end in ends.items()} == {
        "cards": "02 08:00 UTC",
        "loans": "02 07:30 UTC",
    }


def roster(bank: Bank, content: str, queue: str) -> None:
    bank.later(seconds=1)
    path = bank.folder / f"roster{bank.count('imports')}.csv"
    path.write_text(HEADER + content.replace("cards", queue))
    now, queues = bank.app.now(), list(bank.app.settings.queues)
    report = import_file(bank.app.store, "staffing", path, parse(MAPPING), now=now, queues=queues)
    assert report.rows_bad == 0


def capacity(bank: Bank, queue: str) -> dict[str, int]:
    query = "select slot_id, capacity from slots where queue = :queue order by slot_id"
    return {row["slot_id"]: row["capacity"] for row in bank.rows(query, queue=queue)}


def test_the_plan_and_its_slots_follow_the_roster(bank: Bank) -> None:
    name, queue = next(iter(sorted(bank.app.settings.queues.items())))
    bank.run("plan_capacity")
    before = capacity(bank, name)
    # Tomorrow, Wednesday the 4th of March, 10:00 in Berlin is 09:00 UTC.
    day, first = "2026-03-04", f"{name}@20260304T0900Z"
    assert sum(slot.startswith(f"{name}@20260304") and n > 0 for slot, n in before.items()) > 1
    agents = 8.5
    roster(bank, f"cards,{day} 10:00,{agents}\n", name)
    bank.run("plan_capacity")
    after = capacity(bank, name)
    share = queue.concurrency * 30 * (1 - queue.inbound_share)
    on_day = {slot: n for slot, n in after.items() if "@20260304" in slot and n}
    assert on_day == {first: int(round(agents * share, 6) // queue.handle_min)}
    others = [slot for slot in before if "@20260304" not in slot]
    assert others
    assert {slot: after[slot] for slot in others} == {slot: before[slot] for slot in others}

    bank.later(minutes=1)
    roster(bank, f"cards,{day} 10:00,0\n", name)
    bank.run("plan_capacity")
    assert not any(n for slot, n in capacity(bank, name).items() if "@20260304" in slot)


def test_a_promised_call_is_kept_when_its_slot_is_closed(bank: Bank) -> None:
    name = next(iter(sorted(bank.app.settings.queues)))
    bank.run("plan_capacity")
    slot = next(one for one, n in capacity(bank, name).items() if n and "@20260304" in one)
    bank.change("update slots set booked = 1 where slot_id = :slot", slot=slot)
    roster(bank, "cards,2026-03-04 23:00,1\n", name)
    bank.run("plan_capacity")
    assert capacity(bank, name)[slot] == 1


def test_a_roster_that_ends_soon_is_told(bank: Bank) -> None:
    name = next(iter(sorted(bank.app.settings.queues)))
    assert f"queue {name}" not in about(bank)
    # It is Tuesday the 3rd: the roster reaches to the 9th at 09:30, then beyond the 10th at 11:00.
    roster(bank, "cards,2026-03-09 09:00,1\n", name)
    assert about(bank)[f"queue {name}"] == (
        "its roster ends on 2026-03-09 09:30 -> "
        "engage import staffing FILE; days without one go by settings.toml"
    )
    roster(bank, "cards,2026-03-10 11:00,1\n", name)
    assert f"queue {name}" not in about(bank)
    bank.later(days=9)
    assert about(bank)[f"queue {name}"].startswith("its roster ended on 2026-03-10 11:30")
