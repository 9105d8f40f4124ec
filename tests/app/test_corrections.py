"""A contact's record that comes in again and says something else is a correction."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engage.app.corrections import last_words
from engage.app.intake import take
from engage.app.intake_preview import preview
from engage.collect.mapping_file import parse
from engage.collect.schema import arrow_schema
from engage.domain.interactions import CORRECTIONS, INTERACTIONS
from engage.simulate.nastiness import Nastiness
from engage.simulate.world import World
from engage.store import Store
from tests.app.importing import HOUR, NOW, Bring, everything, held

END = datetime.fromisoformat("2026-05-20 10:05")
DAY = timedelta(days=1)
CALLS = """
kind = "interactions"
source = "pbx"
person = { column = "who" }
key = { columns = ["id"] }
[columns]
ts = { column = "from" }
ended_at = { column = "to" }
channel = { constant = "call" }
initiated_by = { constant = "customer" }
disposition = { column = "note" }
"""
DATED = CALLS + 'known_at = { column = "said" }\n'


def calls(*rows: str, start: int = 0) -> str:
    """Return a file of calls of five minutes: each row is what the note says of the next one."""
    return "id,who,from,to,note\n" + "".join(
        f"{n},c{n},2026-05-20 10:00,2026-05-20 10:05,{note}\n" for n, note in enumerate(rows, start)
    )


def record(
    disposition: str, known: datetime = END, one: str = "int_1", **columns: Any
) -> dict[str, Any]:
    """Return what a record of a call of five minutes says."""
    row = {"interaction_id": one, "person_id": "ann", "ts": END - timedelta(minutes=5)}
    row |= {"ended_at": END, "known_at": known, "channel": "call", "initiated_by": "customer"}
    return row | {"disposition": disposition} | columns


def told(store: Store, *rows: dict[str, Any], now: datetime = NOW) -> dict[str, int]:
    table = pa.Table.from_pylist(list(rows), schema=arrow_schema(INTERACTIONS))
    return take(store, {"interactions": table}, now=now)


def words(store: Store) -> list[tuple[str, datetime]]:
    """Return what the corrections say and since when, in the order of being known."""
    rows = held(store, CORRECTIONS).sort_by("known_at").to_pylist()
    assert all(row["known_at"] == row["corrected_at"] for row in rows)
    return [(row["disposition"], row["known_at"]) for row in rows]


def last(store: Store) -> list[str]:
    """Return what is said of each contact now, in the order of their ids."""
    with store.read() as tx:
        ids = held(store, INTERACTIONS)["interaction_id"].to_pylist()
        said: list[str] = last_words(tx, ids)["disposition"].to_pylist()
    return said


NOON = NOW.replace(tzinfo=None)

# ── Row by row ───────────────────────────────────────────────────────────────────────────────────


def test_what_was_said_first_stays_and_what_is_said_later_is_kept_beside_it(store: Store) -> None:
    assert told(store, record("resolved")) == {"interactions": 1}
    corrected = record("unresolved", END + 3 * DAY)
    assert told(store, corrected) == {"interactions": 1, "corrections": 1}
    (first,) = held(store, INTERACTIONS).to_pylist()
    assert (first["disposition"], first["known_at"]) == ("resolved", END)
    assert words(store) == [("unresolved", END + 3 * DAY)]
    assert last(store) == ["unresolved"]


def test_the_same_request_again_changes_nothing(store: Store) -> None:
    rows = record("resolved"), record("unresolved", END + DAY), record("resolved", END + 2 * DAY)
    assert told(store, *rows) == {"interactions": 3, "corrections": 2}
    before = everything(store)
    for again in (rows, rows[:1], rows[1:2], rows[::-1]):
        assert told(store, *again, now=NOW + HOUR) == {"interactions": 0}
    assert everything(store) == before
    assert last(store) == ["resolved"]


def test_a_record_told_twice_at_once_is_one_record_and_its_correction(store: Store) -> None:
    rows = record("unresolved", END + DAY), record("resolved"), record("other", one="int_2")
    assert told(store, *rows) == {"interactions": 3, "corrections": 1}
    assert held(store, INTERACTIONS)["disposition"].to_pylist() == ["resolved", "other"]
    assert words(store) == [("unresolved", END + DAY)]


def test_a_word_that_changes_nothing_is_no_correction(store: Store) -> None:
    told(store, record("resolved"), record("unresolved", END + 2 * DAY))
    same = record("unresolved", END + 3 * DAY)
    assert told(store, same, now=NOW) == {"interactions": 0}


def test_an_older_word_that_comes_late_is_kept_and_is_not_the_last(store: Store) -> None:
    told(store, record("resolved"), record("unresolved", END + 4 * DAY))
    assert told(store, record("follow_up", END + 2 * DAY)) == {"interactions": 1, "corrections": 1}
    assert words(store) == [("follow_up", END + 2 * DAY), ("unresolved", END + 4 * DAY)]
    assert last(store) == ["unresolved"]
    # Older than the record itself, which came in first: the record is the last word then.
    told(store, record("resolved", END + 3 * DAY, one="int_2"))
    told(store, record("unresolved", END + 2 * DAY, one="int_2"))
    assert last(store) == ["unresolved", "resolved"]


def test_a_correction_that_does_not_say_since_when_counts_from_now(store: Store) -> None:
    told(store, record("resolved"))
    assert told(store, record("unresolved"), now=NOW) == {"interactions": 1, "corrections": 1}
    told(store, record("unresolved"), now=NOW + HOUR)
    told(store, record("follow_up"), now=NOW + HOUR)
    assert words(store) == [("unresolved", NOON), ("follow_up", NOON + HOUR)]


@pytest.mark.parametrize(
    "change",
    [{"survey_score": 4.0}, {"person_id": "bob"}, {"topic": "card"}, {"abandoned": False}],
    ids=lambda change: next(iter(change)),
)
def test_whatever_is_said_otherwise_is_a_correction(store: Store, change: dict[str, Any]) -> None:
    told(store, record("resolved"))
    assert told(store, record("resolved", END + DAY, **change))["corrections"] == 1


def test_what_the_databases_keep_otherwise_is_no_other_word(store: Store) -> None:
    odd = record("re\x00solved", wait_s=float("nan"))
    told(store, odd)
    assert told(store, odd | {"known_at": END + DAY}) == {"interactions": 0}


def test_corrections_come_in_with_contacts_only(store: Store) -> None:
    with pytest.raises(ValueError, match="nothing is known by the name of corrections"):
        take(store, {"corrections": arrow_schema(CORRECTIONS).empty_table()}, now=NOW)


# ── Files ────────────────────────────────────────────────────────────────────────────────────────


def test_an_export_that_repeats_the_last_days_brings_what_changed(
    store: Store, bring: Bring
) -> None:
    bring(CALLS, calls("a", "a", "a"))
    report = bring(CALLS, calls("a", "b", "a", "c"), now=NOW + 24 * HOUR)
    assert (report.rows_new, report.rows_corrected, report.rows_known) == (2, 1, 2)
    assert words(store) == [("b", NOON + DAY)]
    assert sorted(last(store)) == ["a", "a", "b", "c"]


def test_a_correction_that_is_taken_back_is_another(store: Store, bring: Bring) -> None:
    for night, notes in enumerate(("a", "b", "ax")):
        bring(CALLS, calls(*notes), now=NOW + night * DAY)
    assert words(store) == [("b", NOON + DAY), ("a", NOON + 2 * DAY)]


def test_a_file_read_again_undoes_no_later_correction(store: Store, bring: Bring) -> None:
    bring(CALLS, calls("a"))
    bring(CALLS, calls("b"), now=NOW + HOUR)
    before = everything(store)
    again = bring(CALLS, calls("a"), now=NOW + 2 * HOUR)
    assert (again.rows_new, again.rows_known) == (0, 1)
    assert everything(store) == before


@pytest.mark.parametrize("rows", [1, 2, 50])
def test_of_one_file_the_last_word_counts_whatever_the_chunks(
    store: Store, bring: Bring, rows: int
) -> None:
    content = calls("a") + "".join(calls(note).partition("\n")[2] for note in "bbcab")
    report = bring(CALLS, content, chunk_rows=rows)
    assert (report.rows_new, report.rows_corrected, report.rows_known) == (5, 4, 1)
    step = timedelta(microseconds=1)
    assert words(store) == [(note, NOON + k * step) for k, note in enumerate("bcab")]
    assert last(store) == ["b"]


def test_a_file_may_say_when_it_was_corrected(store: Store, bring: Bring) -> None:
    header = "id,who,from,to,note,said\n"
    row = "1,c,2026-05-20 10:00,2026-05-20 10:05,{},2026-05-{}\n"
    first, second = row.format("a", "20 10:06"), row.format("b", "23 09:00")
    bring(DATED, header + second)
    assert bring(DATED, header + first, now=NOW + HOUR).rows_corrected == 1
    assert last(store) == ["b"]
    report = bring(DATED, header + first + second, now=NOW + 2 * HOUR)
    assert (report.rows_new, report.rows_known) == (0, 2)


class Stop:
    """Ctrl-C after so many chunks."""

    def __init__(self, after: int) -> None:
        self._left = after

    def __call__(self, *_: int) -> None:
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_a_stopped_import_goes_on_to_where_it_would_have_ended(
    store: Store, bring: Bring, chunks: int
) -> None:
    content = calls(*"bbbb") + calls(*"cb").partition("\n")[2]
    how: dict[str, Any] = {"name": "calls.csv", "chunk_rows": 2}
    bring(CALLS, calls(*"aaab"))
    with pytest.raises(KeyboardInterrupt):
        bring(CALLS, content, now=NOW + DAY, progress=Stop(chunks), **how)
    bring(CALLS, content, now=NOW + 2 * DAY, **how)
    # The first call was noted as b and then, in the same file, as c; the fourth had been b.
    day, step = NOON + DAY, timedelta(microseconds=1)
    assert sorted(words(store)) == [("b", day), ("b", day), ("b", day), ("c", day + step)]
    assert sorted(last(store)) == ["b", "b", "b", "c"]


@pytest.mark.parametrize(
    ("mapping", "before", "then"),
    [
        (CALLS, calls(*"aaa"), calls(*"abac") + calls(*"bb").partition("\n")[2]),
        (CALLS, calls(*"ab"), calls(*"ab")),
        (CALLS, calls(*"ab"), calls(*"ba")),
    ],
)
def test_a_dry_run_foretells_corrections(
    store: Store, bring: Bring, tmp_path: Path, mapping: str, before: str, then: str
) -> None:
    bring(mapping, before)
    stored = everything(store)
    path = tmp_path / "looked.csv"
    path.write_text(then)
    foretold = preview(path, parse(mapping), now=NOW + HOUR, store=store)
    assert everything(store) == stored
    done = bring(mapping, then, now=NOW + HOUR)
    names = ("rows_new", "rows_known", "rows_corrected", "rows_bad")
    assert [getattr(foretold, name) for name in names] == [getattr(done, name) for name in names]


# ── The simulated bank ───────────────────────────────────────────────────────────────────────────


def test_the_banks_late_corrections_all_arrive(store: Store) -> None:
    world = World(150, 3, nastiness=Nastiness.only("late"))
    said = world.path()["interactions"].to_pandas().sort_values("known_at", kind="stable")
    versions = said.groupby("interaction_id")
    final = versions.last()["disposition"].sort_index()
    corrected = int((versions.size() - 1).sum())
    assert corrected > 10
    take(store, {"interactions": world.history()["interactions"]}, now=world.starts_at)
    for day in range(1, 40):
        at = world.starts_at + day * DAY
        take(store, {"interactions": world.until(at)["interactions"]}, now=at)
    rest = world.until(world.ends_at + 400 * DAY)["interactions"]
    take(store, {"interactions": rest}, now=world.ends_at)
    assert held(store, CORRECTIONS).num_rows == corrected
    with store.read() as tx:
        ids = held(store, INTERACTIONS)["interaction_id"].to_pylist()
        found = last_words(tx, ids).to_pandas().set_index("interaction_id")["disposition"]
    assert found.to_dict() == final.to_dict()
    first = held(store, INTERACTIONS).to_pandas().set_index("interaction_id")["disposition"]
    assert first.to_dict() == versions.first()["disposition"].to_dict()
