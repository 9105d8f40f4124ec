from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engage.app.imported import ImportReport
from engage.app.intake_files import import_file
from engage.app.intake_retry import import_named, retry
from engage.collect.mapping_file import parse
from engage.domain.people import PEOPLE
from engage.errors import WrongUse
from engage.store import Store, imports, people, quarantine
from tests.app.importing import CRM, HEADER, HOUR, NOW, SALES, Bring, everything, held, person

LATER = NOW + 24 * HOUR
GERMAN = SALES.replace("scale = 100", 'scale = 100, decimal = ","')
BILLS = 'bill,who,day,euros\n007,c1,2026-01-01,"1.234,50"\n2,c1,2026-01-02,3\n3,,2026-01-03,4\n'
BY_PLACE = """
kind = "interactions"
source = "log"
person = { row = true }
key = { row = true }
[columns]
ts = { start = "2026-01-01T00:00:00Z", step_s = 60 }
channel = { constant = "call" }
initiated_by = { constant = "customer" }
wait_s = { column = "wait" }
"""


def again(store: Store, report: ImportReport, mapping: str = "", **how: Any) -> ImportReport:
    found = import_named(store, report.import_id[:12])
    return retry(store, found, parse(mapping) if mapping else None, now=LATER, **how)


def waiting(store: Store) -> list[tuple[int, str]]:
    with store.read() as tx:
        held_back = quarantine.read(tx)
    return list(zip(held_back["line"].to_pylist(), held_back["reason"].to_pylist(), strict=True))


def states(store: Store) -> dict[int, str]:
    with store.read() as tx:
        every = quarantine.read(tx, state=None)
    return dict(zip(every["line"].to_pylist(), every["state"].to_pylist(), strict=True))


@contextmanager
def unbroken(folder: Path) -> Iterator[Store]:
    """Open another database, into which all comes at once."""
    other = Store.open(f"sqlite:///{folder / 'unbroken.db'}")
    other.upgrade()
    yield other
    other.close()


def imported_at_once(folder: Path, mapping: str, content: str) -> dict[str, list[Any]]:
    path = folder / "unbroken.csv"
    path.write_text(content)
    with unbroken(folder) as other:
        loaded = parse(mapping)
        import_file(other, loaded.kind, path, loaded, now=NOW)
        return everything(other)


def test_a_mended_mapping_brings_what_the_import_would_have_brought(
    store: Store, bring: Bring, tmp_path: Path
) -> None:
    first = bring(SALES, BILLS)
    assert (first.rows_new, first.rows_bad) == (1, 2)
    report = again(store, first, GERMAN)
    assert (report.rows_read, report.rows_new, report.rows_known, report.rows_bad) == (2, 1, 0, 1)
    assert everything(store) == imported_at_once(tmp_path, GERMAN, BILLS)
    assert states(store) == {2: quarantine.MENDED, 4: quarantine.NEW}
    with store.read() as tx:
        (noted,) = imports.read(tx)
    # Three rows: two came in, one still waits.
    assert (noted.rows_read, noted.rows_new, noted.rows_bad) == (3, 2, 1)


def test_twice_changes_nothing(store: Store, bring: Bring) -> None:
    first = bring(SALES, BILLS)
    again(store, first, GERMAN)
    before = everything(store), waiting(store), states(store)
    report = again(store, first, GERMAN)
    assert (report.rows_read, report.rows_new, report.rows_bad) == (1, 0, 1)
    assert (everything(store), waiting(store), states(store)) == before


def test_what_is_still_bad_waits_with_the_reason_found_now(store: Store, bring: Bring) -> None:
    first = bring(SALES, "bill,who,day,euros\n1,c1,2026-13-01,x\n")
    assert waiting(store) == [
        (2, "ts: not a time in ISO 8601, such as 2026-03-01T09:30:00Z: '2026-13-01'")
    ]
    undated = SALES.replace('{ column = "day" }', '{ constant = "2026-01-01" }')
    assert again(store, first, undated).rows_bad == 1
    assert waiting(store) == [(2, "amount_minor: not a number")]


def test_a_row_that_the_mended_mapping_leaves_out_is_dismissed(store: Store, bring: Bring) -> None:
    first = bring(SALES, BILLS)
    named = SALES + '\n[[where]]\ncolumn = "bill"\nin = ["2"]\n'
    report = again(store, first, named)
    assert (report.rows_left_out, waiting(store)) == (2, [])
    assert set(states(store).values()) == {quarantine.DISMISSED}


def test_a_dry_run_foretells_and_changes_nothing(store: Store, bring: Bring) -> None:
    first = bring(SALES, BILLS)
    before = everything(store), waiting(store)
    foretold = again(store, first, GERMAN, dry_run=True)
    assert (foretold.dry_run, foretold.rows_new, foretold.rows_bad) == (True, 1, 1)
    assert (everything(store), waiting(store)) == before
    assert again(store, first, GERMAN).rows_new == 1


def test_rows_known_by_their_place_keep_it(store: Store, bring: Bring, tmp_path: Path) -> None:
    content = "wait\n1\nsoon\n3\nlate\n"
    first = bring(BY_PLACE, content)
    mended = BY_PLACE.replace(
        '"wait" }', '"wait", values = { soon = 10, late = 99 }, unlisted = "keep" }'
    )
    assert again(store, first, mended).rows_new == 2
    assert everything(store) == imported_at_once(tmp_path, mended, content)


def test_the_import_s_own_mapping_and_source_are_kept(store: Store, bring: Bring) -> None:
    first = bring(SALES, BILLS, source="branch")
    assert again(store, first).rows_bad == 2
    again(store, first, GERMAN)
    # Both rows of one source: the bill that came later is not another shop's.
    assert bring(GERMAN, BILLS, source="branch").rows_known == 2


def test_undated_people_count_from_the_import_not_from_the_retry(
    store: Store, bring: Bring, tmp_path: Path
) -> None:
    by_code = CRM.replace('["region"]', '{ region = "region" }') + (
        '[[where]]\ncolumn = "region"\nin = ["north", "south"]\nskip = ["-"]\n'
    )
    wider = by_code.replace('"south"]', '"south", "west"]')
    content = HEADER + "1,north,,,\n2,west,,,\n"
    first = bring(by_code, content)
    bring(CRM, HEADER + "2,east,,,\n", now=NOW + HOUR)
    assert again(store, first, wider).rows_new == 1
    found = [row for row in held(store, PEOPLE).to_pylist() if row["person_id"] == person("2")]
    assert [(row["attributes"], row["valid_from"]) for row in found] == [
        ('{"region":"west"}', NOW.replace(tzinfo=None)),
        ('{"region":"east"}', (NOW + HOUR).replace(tzinfo=None)),
    ]


def test_what_a_later_file_said_does_not_hide_what_was_true_before(
    store: Store, bring: Bring
) -> None:
    strict = CRM + '[[where]]\ncolumn = "region"\nin = ["north"]\nskip = ["-"]\n'
    first = bring(strict, HEADER + "1,west,,,\n")
    bring(CRM, HEADER + "1,west,,,\n2,east,,,\n", now=NOW + HOUR)
    # As of the time between the two files the region was known all the same.
    assert again(store, first, CRM).rows_new == 1
    assert held(store, PEOPLE).num_rows == 3


def test_the_second_of_two_undated_rows_stays_aside_until_it_has_a_date(
    store: Store, bring: Bring
) -> None:
    first = bring(CRM, "id,region,phone,sms,sms_at,since\n1,north,,,,\n1,south,,,,2026-05-01\n")
    assert again(store, first).rows_bad == 1
    dated = CRM.replace("[columns]", '[columns]\nvalid_from = { column = "since" }')
    assert again(store, first, dated).rows_new == 1
    assert held(store, PEOPLE).num_rows == 2


def test_a_part_that_can_be_read_now_comes_to_its_person(store: Store, bring: Bring) -> None:
    first = bring(CRM.replace('region = "DE"', ""), HEADER + "1,north,030 1234567,,\n")
    assert (first.rows_new, first.parts_bad) == (1, 1)
    report = again(store, first, CRM)
    assert (report.rows_known, report.parts_bad, waiting(store)) == (1, 0, [])
    with store.read() as tx:
        assert people.destination(tx, person("1"), "phone") == "+49301234567"


def test_a_line_that_is_no_row_waits_for_a_mended_file(store: Store, bring: Bring) -> None:
    first = bring(SALES, "bill,who,day,euros\n1,c1,2026-01-01\n", name="s.csv")
    assert again(store, first, GERMAN).rows_bad == 1
    assert waiting(store) == [(2, "the number of values is not the header's 4")]


def test_importing_the_file_again_by_a_mended_mapping_mends_its_rows_too(
    store: Store, bring: Bring
) -> None:
    bring(SALES, BILLS, name="s.csv")
    bring(GERMAN, BILLS, name="s.csv", now=NOW + HOUR)
    assert [line for line, _ in waiting(store)] == [4]
    assert states(store) == {2: quarantine.MENDED, 4: quarantine.NEW}


def test_the_same_file_under_two_names_waits_once(store: Store, bring: Bring) -> None:
    bring(SALES, BILLS, name="january.csv")
    report = bring(SALES, BILLS, name="copy of january.csv", now=NOW + HOUR)
    assert report.read_before == NOW
    with store.read() as tx:
        found = quarantine.read(tx)
    assert [Path(one).name for one in found["file"].to_pylist()] == ["copy of january.csv"] * 2


def test_a_crash_leaves_whole_chunks_and_the_next_retry_brings_the_rest(
    store: Store, bring: Bring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content = "bill,who,day,euros\n" + "".join(f'{n},c,2026-01-01,"{n},5"\n' for n in range(9))
    first = bring(SALES, content)
    count = imports.count
    calls = iter([False, True])

    def crashes(*given: Any, **how: Any) -> bool:
        if next(calls):
            raise KeyboardInterrupt
        return count(*given, **how)

    with monkeypatch.context() as patched:
        # The rows of the second chunk are written and marked by then, but not committed.
        patched.setattr(imports, "count", crashes)
        with pytest.raises(KeyboardInterrupt):
            again(store, first, GERMAN, chunk_rows=4)
    assert len(waiting(store)) == 5
    assert sum(len(rows) for rows in everything(store).values()) == 4
    assert again(store, first, GERMAN, chunk_rows=4).rows_new == 5
    assert everything(store) == imported_at_once(tmp_path, GERMAN, content)


def test_a_wrong_name_or_mapping_is_said(store: Store, bring: Bring) -> None:
    first = bring(SALES, BILLS)
    with pytest.raises(WrongUse, match="no import 'imp_nothing'; `engage quarantine list`"):
        import_named(store, "imp_nothing")
    with pytest.raises(WrongUse, match="is for people, but transactions are being imported"):
        again(store, first, CRM)
    with pytest.raises(WrongUse, match=r"no column 'sum', which columns\.amount_minor reads"):
        again(store, first, SALES.replace('"euros"', '"sum"'))
    bring(SALES, BILLS, now=NOW + timedelta(seconds=1))
    with pytest.raises(WrongUse, match="2 imports begin with 'imp_'"):
        import_named(store, "imp_")
