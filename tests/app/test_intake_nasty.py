"""Files as the world writes them: odd ids, two stories about one person, clocks that jump."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engage.app.intake_files import import_file
from engage.app.intake_preview import preview
from engage.app.intake_retry import import_named, retry
from engage.collect.mapping_file import parse
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.people import PEOPLE
from engage.domain.transactions import TRANSACTIONS
from engage.store import Store, context, quarantine
from tests.app.importing import HOUR, NOW, SALES, Bring, everything, held, person

ODD = ["null", "NaN", "None", "nan", "007", "7", "7.0", "0x7", "1e3", "-", "true", "😀", "O'Hara"]
VERSIONS = """
kind = "people"
person = { column = "id" }
[columns]
valid_from = { column = "since" }
known_at = { column = "told" }
attributes = { pack = ["region"] }
"""
MOURNING = """
kind = "exclusions"
person = { column = "id" }
[columns]
reason = { constant = "bereavement" }
valid_from = { column = "since" }
valid_until = { column = "until" }
"""
UNTIL = "id,since,until\n"
TOLD = "id,since,told,region\n"
BERLIN = SALES.replace('{ column = "day" }', '{ column = "day", zone = "Europe/Berlin" }')


def regions(store: Store, who: str) -> list[str]:
    return [
        json.loads(row["attributes"])["region"]
        for row in held(store, PEOPLE).to_pylist()
        if row["person_id"] == person(who)
    ]


def region_now(store: Store, who: str) -> str:
    with store.read() as tx:
        found = context.read(tx, [person(who)], NOW, b"key")["people"].to_pylist()
    return str(json.loads(found[0]["attributes"])["region"])


# ── Ids ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_id_is_the_text_that_stands_there(store: Store, bring: Bring) -> None:
    table = "bill,who,day,euros\n" + "".join(
        f'{n},"{who}",2026-01-01,1\n' for n, who in enumerate(ODD)
    )
    assert bring(SALES, table).rows_new == len(ODD)
    assert set(held(store, TRANSACTIONS)["person_id"].to_pylist()) == {person(o) for o in ODD}
    lines = (json.dumps({"bill": str(n), "who": who}) for n, who in enumerate(ODD))
    more = SALES.replace('ts = { column = "day" }', 'ts = { constant = "2026-01-01" }')
    again = bring(
        more.replace('amount_minor = { column = "euros", scale = 100 }', ""), "\n".join(lines)
    )
    assert again.rows_known == len(ODD)


def test_an_id_without_text_is_missing(bring: Bring) -> None:
    report = bring(SALES, 'bill,who,day,euros\n1,,2026-01-01,1\n2,"  ",2026-01-01,1\n')
    assert report.reasons == {"person_id: missing": 2}


def test_bills_with_leading_zeros_are_bills_of_their_own(bring: Bring) -> None:
    report = bring(SALES, "bill,who,day,euros\n07,a,2026-01-01,1\n7,a,2026-01-01,1\n")
    assert report.rows_new == 2


# ── Two stories about one person ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("first", ["old", "new"])
def test_what_was_told_last_holds_whichever_file_came_first(
    store: Store, bring: Bring, first: str
) -> None:
    told = {
        "old": TOLD + "1,2026-01-01,2026-02-01,north\n",
        "new": TOLD + "1,2026-01-01,2026-03-01,south\n",
    }
    for name in sorted(told, reverse=first == "old"):
        report = bring(VERSIONS, told[name])
        assert (report.rows_new, report.rows_differing) == (1, 0)
    assert region_now(store, "1") == "south"


def test_a_contradiction_of_the_same_moment_is_counted_and_the_first_stays(
    store: Store, bring: Bring, tmp_path: Path
) -> None:
    within = bring(VERSIONS, TOLD + "1,2026-01-01,2026-02-01,north\n1,2026-01-01,2026-02-01,east\n")
    assert (within.rows_new, within.rows_known, within.rows_differing) == (1, 1, 1)
    other = TOLD + "1,2026-01-01,2026-02-01,west\n1,2026-01-01,2026-02-01,north\n"
    between = bring(VERSIONS, other, chunk_rows=1)
    # The second row says what is known: only the first differs.
    assert (between.rows_new, between.rows_known, between.rows_differing) == (0, 2, 1)
    assert regions(store, "1") == ["north"]
    path = tmp_path / "looked.csv"
    path.write_text(other)
    assert preview(path, parse(VERSIONS), now=NOW, store=store).rows_differing == 1


def test_the_same_said_twice_is_no_contradiction(bring: Bring) -> None:
    row = "1,2026-01-01,2026-02-01,north\n"
    assert bring(VERSIONS, TOLD + row + row).rows_differing == 0
    assert bring(VERSIONS, TOLD + row, now=NOW + HOUR).rows_differing == 0


def test_an_exclusion_that_ends_later_than_was_known_goes_on(store: Store, bring: Bring) -> None:
    bring(MOURNING, UNTIL + "1,2026-01-01,2026-09-01\n2,2026-01-01,2026-09-01\n")
    longer = UNTIL + "1,2026-01-01,2026-12-01\n2,2026-01-01,\n"
    assert bring(MOURNING, longer, now=NOW + HOUR).rows_new == 2
    first, second = [
        [(row["valid_from"], row["valid_until"]) for row in held(store, EXCLUSIONS).to_pylist()
         if row["person_id"] == person(who)]
        for who in "12"
    ]  # fmt: skip
    january, later = NOW.replace(month=1, day=1, hour=0), NOW + HOUR
    ends = [None if end is None else end.month for _, end in (*first, *second)]
    assert ends == [9, 12, 9, None]
    assert [begins for begins, _ in first] == [
        moment.replace(tzinfo=None) for moment in (january, later)
    ]
    again = bring(MOURNING, longer, now=NOW + 2 * HOUR)
    assert (again.rows_new, again.rows_known) == (0, 2)


def test_of_two_ends_of_an_exclusion_in_one_file_the_later_holds(
    store: Store, bring: Bring
) -> None:
    ends = "1,2026-01-01,2026-03-01\n1,2026-01-01,2026-09-01\n1,2026-01-01,2026-06-01\n"
    report = bring(MOURNING, UNTIL + ends)
    assert (report.rows_new, report.rows_known, report.rows_differing) == (1, 2, 2)
    assert [end.month for end in held(store, EXCLUSIONS)["valid_until"].to_pylist()] == [9]


def test_an_exclusion_that_ends_earlier_than_was_known_is_counted_and_stays(
    store: Store, bring: Bring
) -> None:
    bring(MOURNING, UNTIL + "1,2026-01-01,2026-09-01\n")
    shorter = bring(MOURNING, UNTIL + "1,2026-01-01,2026-03-01\n")
    assert (shorter.rows_new, shorter.rows_differing) == (0, 1)
    assert [end.month for end in held(store, EXCLUSIONS)["valid_until"].to_pylist()] == [9]


# ── Clocks ───────────────────────────────────────────────────────────────────────────────────────


def test_an_hour_that_no_clock_showed_waits_for_the_right_zone(store: Store, bring: Bring) -> None:
    jumps = "bill,who,day,euros\n1,a,2026-03-29 02:30,1\n2,a,2026-10-25 02:30,1\n3,a,2026-03-29,1\n"
    first = bring(BERLIN, jumps)
    assert first.reasons == {"ts: the clocks of Europe/Berlin leave this hour out": 1}
    # The machine that wrote the file ran on UTC all the year.
    retry(store, import_named(store, first.import_id), parse(SALES), now=NOW + HOUR)
    stored = sorted(held(store, TRANSACTIONS)["ts"].to_pylist())
    assert stored == [
        datetime(2026, 3, 28, 23),  # noqa: DTZ001 - rows hold UTC without saying so
        datetime(2026, 3, 29, 2, 30),  # noqa: DTZ001 - the same
        datetime(2026, 10, 25, 0, 30),  # noqa: DTZ001 - the same: shown twice, the first
    ]


# ── Files ────────────────────────────────────────────────────────────────────────────────────────

AWKWARD = (
    '\ufeffbill,who,day,euros\r\n1,a,2026-01-01,1\r\n2,"two\r\nlines",2026-01-02,2\r\n'
    "3,😀,2026-01-03,3\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_marks_line_ends_and_signs_of_every_kind_come_in(
    store: Store, bring: Bring, encoding: str
) -> None:
    content = AWKWARD if encoding == "utf-8" else AWKWARD[1:]
    assert bring(SALES, content.encode(encoding), chunk_rows=1).rows_new == 3
    stored = set(held(store, TRANSACTIONS)["person_id"].to_pylist())
    assert stored == {person("a"), person("two\r\nlines"), person("😀")}


def test_a_line_of_ten_megabytes_is_set_aside_and_the_others_come_in(
    store: Store, bring: Bring
) -> None:
    report = bring(SALES, f"{AWKWARD}4,{'x' * 10_000_000},2026-01-04,4\n5,b,2026-01-05,5\n")
    assert (report.rows_new, report.rows_bad) == (4, 1)
    with store.read() as tx:
        (row,) = quarantine.read(tx).to_pylist()
    # The record before it fills two lines.
    assert (row["line"], row["reason"]) == (6, "a value is longer than 131,072 characters")
    assert len(row["raw"]) == 2_000


def test_a_quotation_mark_left_open_loses_no_other_row(store: Store, bring: Bring) -> None:
    lines = "".join(f"{n},c,2026-01-01,1\n" for n in range(20_000))
    report = bring(SALES, f'bill,who,day,euros\nx,"open,2026-01-01,1\n{lines}')
    assert (report.rows_new, report.rows_bad) == (20_000, 1)
    assert report.first_errors[0].line == 2


def test_two_hundred_columns_are_packed_and_come_back(store: Store, tmp_path: Path) -> None:
    names = [f"column {n}" for n in range(200)]
    path = tmp_path / "wide.csv"
    path.write_text(f"id,{','.join(names)}\n1,{','.join(str(n) for n in range(200))}\n")
    mapping = parse(
        VERSIONS.partition("[columns]")[0] + '[columns]\nattributes = { pack = "rest" }'
    )
    import_file(store, "people", path, mapping, now=NOW)
    found: dict[str, Any] = json.loads(everything(store)["people"][0]["attributes"])
    assert found == {name: n for n, name in enumerate(names)}
