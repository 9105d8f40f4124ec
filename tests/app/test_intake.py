from __future__ import annotations

import gzip
import itertools
import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engage.app.imported import Problem
from engage.app.intake import take
from engage.app.intake_files import import_file
from engage.collect.mapping_file import parse
from engage.collect.schema import arrow_schema
from engage.domain.appointments import APPOINTMENTS
from engage.domain.events import EVENTS
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.ids import Prefix, derive
from engage.domain.interactions import INTERACTIONS
from engage.domain.people import LINKS, PEOPLE
from engage.domain.relations import Relation
from engage.domain.sessions import SESSIONS
from engage.domain.transactions import TRANSACTIONS
from engage.errors import SourceFileError, StoreUnavailable, WrongUse
from engage.store import Store, imports, people, quarantine, rows
from tests.app.importing import (
    CRM,
    HEADER,
    HOUR,
    NOW,
    SALES,
    VISITS,
    WEB,
    Bring,
    browser,
    everything,
    held,
    person,
    sales,
    web,
)

# ── What comes in ────────────────────────────────────────────────────────────────────────────────


def test_a_file_comes_in_and_the_report_adds_up(store: Store, bring: Bring) -> None:
    report = bring(
        SALES, sales(10) + "10,c1,0000-00-00,1\n11,,2026-01-01,1\n12,c1,2026-01-01,NaN\n"
    )
    assert (report.rows_read, report.rows_new, report.rows_known) == (13, 10, 0)
    assert report.rows_bad == report.quarantined == 3
    assert report.reasons == {
        "ts: the year lies outside 1900 to 9999": 1,
        "person_id: missing": 1,
        "amount_minor: not a finite number": 1,
    }
    # The header is line 1, the ten good rows are lines 2 to 11.
    assert report.first_errors[0] == Problem(
        12, "ts: the year lies outside 1900 to 9999: '0000-00-00'"
    )
    assert held(store, TRANSACTIONS).num_rows == 10


def test_a_bad_row_waits_in_quarantine_with_file_line_and_reason(
    store: Store, bring: Bring
) -> None:
    report = bring(SALES, "bill,who,day,euros\n1,c1,2026-01-01,lots\n", name="sales.csv")
    with store.read() as tx:
        (row,) = quarantine.read(tx).to_pylist()
    assert row["file"].endswith("sales.csv")
    assert (row["kind"], row["line"], row["reason"]) == (
        "transactions",
        2,
        "amount_minor: not a number",
    )
    assert row["raw"] == '{"bill":1,"day":"2026-01-01","euros":"lots","who":"c1"}'
    assert row["import_id"] == report.import_id


def test_the_same_file_again_changes_nothing_and_says_so(store: Store, bring: Bring) -> None:
    content = sales(20) + "x,,2026-01-01,1\n"
    first = bring(SALES, content, name="sales.csv")
    before = everything(store)
    again = bring(SALES, content, now=NOW + HOUR, name="sales.csv")
    assert (first.read_before, again.read_before) == (None, NOW)
    assert (again.rows_new, again.rows_known, again.rows_bad) == (0, 20, 1)
    assert everything(store) == before
    with store.read() as tx:
        assert quarantine.read(tx).num_rows == 1


def test_a_file_that_grew_brings_only_what_is_new(bring: Bring) -> None:
    bring(SALES, sales(20))
    report = bring(SALES, sales(30))
    assert (report.rows_new, report.rows_known, report.read_before) == (10, 20, None)


def test_another_source_is_another_set_of_rows(bring: Bring) -> None:
    bring(SALES, sales(5))
    assert bring(SALES, sales(5), source="other shop").rows_new == 5


def test_progress_is_told_in_bytes_and_reaches_the_end(bring: Bring, tmp_path: Path) -> None:
    told: list[tuple[int, int, int]] = []
    bring(
        SALES,
        sales(100),
        name="s.csv",
        chunk_rows=30,
        progress=lambda done, size, read: told.append((done, size, read)),
    )
    size = (tmp_path / "s.csv").stat().st_size
    assert [read for _, _, read in told] == [30, 60, 90, 100]
    assert told[-1][:2] == (size, size)
    assert sorted(told) == told


# ── Events: visits and identities ────────────────────────────────────────────────────────────────


def test_events_are_cut_into_visits_and_identities_joined(store: Store, bring: Bring) -> None:
    bring(WEB, web(VISITS))
    links = {row["person_id"]: row["canonical_id"] for row in held(store, LINKS).to_pylist()}
    # b1 was Ada's alone; b2 is shared and belongs to nobody else.
    assert links == {browser("b1"): person("ada"), browser("b2"): browser("b2")}
    visits: dict[str, set[str]] = {}
    names = {derive(Prefix.EVENT, "web", one): one for one, *_ in VISITS}
    for row in held(store, EVENTS).to_pylist():
        visits.setdefault(row["session_id"], set()).add(names[row["event_id"]])
    assert sorted("".join(sorted(one)) for one in visits.values()) == [
        "123",  # browser b1, the login, and Ada elsewhere within 25 minutes
        "4",  # Ada on the shared computer
        "5",  # Grace on it
        "6",  # nobody known on it
        "7",
        "89",
    ]
    assert held(store, SESSIONS).num_rows == 6


@pytest.mark.parametrize("seed", range(3))
def test_neither_the_order_of_files_nor_of_rows_nor_the_chunks_matter(
    store: Store, bring: Bring, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a shuffled deck, no secret
    shuffled = chance.sample(VISITS, len(VISITS))
    half = chance.randrange(1, len(VISITS))
    size = chance.randrange(1, 5)
    for part in (shuffled[:half], shuffled[half:], shuffled[: half // 2 + 1]):
        bring(WEB, web(part), chunk_rows=size)
    found = everything(store)
    with store.write() as tx:
        for relation in (EVENTS, SESSIONS, LINKS):
            ids = held_keys(tx, relation)
            rows.remove(tx, relation, ids, NOW)
    bring(WEB, web(VISITS))
    assert everything(store) == found


def held_keys(tx: Any, relation: Relation) -> list[str]:
    keys: list[str] = rows.read(tx, relation)[relation.key[0]].to_pylist()
    return keys


# ── People, exclusions, appointments ─────────────────────────────────────────────────────────────


def test_people_come_with_numbers_and_consents(store: Store, bring: Bring) -> None:
    report = bring(CRM, HEADER + "1,north,030 1234567,yes,2025-01-01\n2,south,12,,\n")
    assert (report.rows_new, report.rows_bad, report.parts_bad, report.quarantined) == (2, 0, 1, 1)
    with store.read() as tx:
        assert people.destination(tx, person("1"), "phone") == "+49301234567"
        assert people.destination(tx, person("2"), "phone") is None
        assert quarantine.read(tx)["reason"].to_pylist() == ["phone: not a number to call"]


def test_people_without_dates_get_a_new_version_only_when_something_changed(
    store: Store, bring: Bring
) -> None:
    bring(CRM, HEADER + "1,north,,,\n2,south,,,\n")
    again = bring(CRM, HEADER + "1,north,,,\n2,west,,,\n", now=NOW + HOUR)
    assert (again.rows_new, again.rows_known) == (1, 1)
    back = bring(CRM, HEADER + "1,north,,,\n2,south,,,\n", now=NOW + 2 * HOUR)
    assert (back.rows_new, back.rows_known) == (1, 1)
    versions = held(store, PEOPLE).to_pylist()
    assert [v["attributes"] for v in versions if v["person_id"] == person("2")] == [
        '{"region":"south"}',
        '{"region":"west"}',
        '{"region":"south"}',
    ]


def test_of_two_undated_rows_about_somebody_the_second_is_set_aside(bring: Bring) -> None:
    report = bring(CRM, HEADER + "1,north,,,\n1,south,,,\n", chunk_rows=1)
    assert (report.rows_new, report.rows_bad) == (1, 1)
    assert report.first_errors[0].line == 3
    assert "give valid_from" in report.first_errors[0].reason


def test_an_exclusion_list_read_twice_excludes_once(store: Store, bring: Bring) -> None:
    toml = """
    kind = "exclusions"
    person = { column = "id" }
    [columns]
    reason = { column = "why" }
    """
    listed = "id,why\n1,bereavement\n1,complaint\n2,staff\n3,whim\n"
    first = bring(toml, listed)
    again = bring(toml, listed, now=NOW + HOUR)
    assert (first.rows_new, first.rows_bad) == (3, 1)
    assert (again.rows_new, again.rows_known) == (0, 3)
    assert held(store, EXCLUSIONS).num_rows == 3


def test_an_appointment_that_is_called_off_takes_its_own_place(store: Store, bring: Bring) -> None:
    toml = """
    kind = "appointments"
    person = { column = "who" }
    key = { columns = ["id"] }
    [columns]
    starts_at = { column = "at" }
    state = { column = "state" }
    """
    bring(toml, "id,who,at,state\n1,a,2026-07-01 10:00,booked\n2,a,2026-07-02 10:00,booked\n")
    later = "id,who,at,state\n1,a,2026-07-01 10:00,cancelled\n2,a,2026-07-02 10:00,booked\n"
    assert bring(toml, later, now=NOW + HOUR).rows_new == 1
    found = held(store, APPOINTMENTS).to_pylist()
    assert sorted(row["state"] for row in found) == ["booked", "cancelled"]
    assert bring(toml, later, now=NOW + 2 * HOUR).rows_new == 0


def test_an_older_word_about_an_appointment_does_not_undo_a_newer_one(
    store: Store, bring: Bring
) -> None:
    toml = """
    kind = "appointments"
    person = { column = "who" }
    key = { columns = ["id"] }
    [columns]
    starts_at = { column = "at" }
    state = { column = "state" }
    known_at = { column = "said" }
    """
    header = "id,who,at,state,said\n"
    newer = header + "1,a,2026-07-01,cancelled,2026-06-02\n"
    older = header + "1,a,2026-07-01,booked,2026-06-01\n"
    for order in ((newer, older), (older, newer)):
        for content in order:
            bring(toml, content)
        (row,) = held(store, APPOINTMENTS).to_pylist()
        assert row["state"] == "cancelled"


def test_rows_of_the_right_shape_are_taken_in_together(store: Store) -> None:
    at = NOW.replace(tzinfo=None)
    page = {"event_id": "e1", "person_id": "browser", "ts": at, "known_at": at, "type": "page"}
    tables = {
        "events": pa.Table.from_pylist([page], schema=arrow_schema(EVENTS)),
        "links": pa.Table.from_pylist(
            [{"person_id": "browser", "canonical_id": "ada", "known_at": at}],
            schema=arrow_schema(LINKS),
        ),
        "interactions": arrow_schema(INTERACTIONS).empty_table(),
    }
    assert take(store, tables, now=NOW) == {"events": 1, "interactions": 0}
    assert take(store, tables, now=NOW) == {"events": 0, "interactions": 0}
    assert held(store, SESSIONS).num_rows == 1
    with pytest.raises(ValueError, match="nothing is known by the name of evnets"):
        take(store, {"evnets": tables["events"]}, now=NOW)
    with store.read() as tx:
        assert people.canonical(tx, ["browser"]) == {"browser": "ada"}


# ── Bad input: a clear word, and nothing half-written ────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(sales(50_000).encode(), mtime=0)[:-2000], "the gzip data breaks off"),
        (sales(3).replace(",", "^"), "was read as one column"),
        (b"\x00\x01\x02", "is neither text nor Parquet"),
        (b"", "is empty"),
        ("bill,who,day,bill\n1,c,2026-01-01,2\n", "more than once"),
        (sales(60_000) + "\xff", "fine"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_nothing_behind(
    store: Store, bring: Bring, content: str | bytes, words: str
) -> None:
    if words == "fine":
        content, words = str(content).encode("latin-1"), "near line 60002 the byte 0xff"
    with pytest.raises(SourceFileError, match=words):
        bring(SALES, content)
    assert held(store, TRANSACTIONS).num_rows == 0
    with store.read() as tx:
        assert imports.read(tx) == []


def test_a_missing_column_is_named_before_anything_is_stored(store: Store, bring: Bring) -> None:
    with pytest.raises(
        WrongUse, match=r"no column 'euros', which columns\.amount_minor reads; did you mean 'euro'"
    ):
        bring(SALES, sales(3).replace("euros", "euro"))
    with store.read() as tx:
        assert imports.read(tx) == []


def test_a_mapping_of_another_kind_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="is for transactions, but events are being imported"):
        import_file(store, "events", tmp_path / "x.csv", parse(SALES), now=NOW)


class Stop:
    """Ctrl-C after so many chunks."""

    def __init__(self, after: int) -> None:
        self._left = after

    def __call__(self, *_: int) -> None:
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt


def test_ctrl_c_between_chunks_keeps_whole_chunks_and_a_second_run_brings_the_rest(
    store: Store, bring: Bring
) -> None:
    with pytest.raises(KeyboardInterrupt):
        bring(SALES, sales(100), name="s.csv", chunk_rows=30, progress=Stop(2))
    assert held(store, TRANSACTIONS).num_rows == 60
    with store.read() as tx:
        (stopped,) = imports.read(tx)
    assert (stopped.state, stopped.rows_read, stopped.rows_new) == (imports.STOPPED, 60, 60)
    report = bring(SALES, sales(100), now=NOW + HOUR, name="s.csv", chunk_rows=30)
    assert (report.rows_before, report.rows_read, report.rows_new) == (60, 40, 40)
    assert (report.import_id, report.read_before) == (stopped.import_id, None)
    with store.read() as tx:
        (whole,) = imports.read(tx)
    assert (whole.state, whole.rows_read, whole.rows_new) == (imports.DONE, 100, 100)


def test_ctrl_c_within_a_chunk_leaves_no_part_of_it(
    store: Store, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = itertools.count(1)
    add = quarantine.add

    def interrupted(*args: Any, **how: Any) -> int:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return add(*args, **how)

    # The rows of the third chunk are written by then, but not committed.
    monkeypatch.setattr(quarantine, "add", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bring(WEB, web(VISITS), chunk_rows=2)
    found = held(store, EVENTS)
    assert found.num_rows == 4
    assert set(found["session_id"].to_pylist()) == set(
        held(store, SESSIONS)["session_id"].to_pylist()
    )
    monkeypatch.setattr(quarantine, "add", add)
    assert bring(WEB, web(VISITS)).rows_new == 5


@contextmanager
def small_disk() -> Iterator[None]:
    """Let no file grow beyond 1.5 MB: to SQLite that is a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_says_so_and_keeps_whole_chunks(store: Store, bring: Bring) -> None:
    if store.path is None:
        pytest.skip("the server of PostgreSQL is another process, with limits of its own")
    with small_disk(), pytest.raises(StoreUnavailable):
        bring(SALES, sales(20_000), chunk_rows=1_000)
    stored = held(store, TRANSACTIONS).num_rows
    assert 0 < stored < 20_000
    assert stored % 1_000 == 0
