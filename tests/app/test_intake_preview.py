from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engage.app.imported import ImportReport
from engage.app.intake_preview import preview
from engage.collect.mapping_file import parse
from engage.domain.transactions import TRANSACTIONS
from engage.store import Store, imports, quarantine
from tests.app.importing import (
    CRM,
    HEADER,
    HOUR,
    NOW,
    SALES,
    VISITS,
    WEB,
    Bring,
    everything,
    held,
    sales,
    web,
)

CALENDAR = """
kind = "appointments"
person = { column = "who" }
key = { columns = ["id"] }
[columns]
starts_at = { column = "at" }
state = { column = "state" }
"""
MEETINGS = "id,who,at,state\n1,a,2026-07-01 10:00,booked\n2,a,2026-07-02 10:00,booked\n"
LIST = """
kind = "exclusions"
person = { column = "id" }
[columns]
reason = { column = "why" }
"""


def look(folder: Path, mapping: str, content: str, **how: Any) -> ImportReport:
    path = folder / "looked.csv"
    path.write_text(content)
    return preview(path, parse(mapping), now=NOW + HOUR, **how)


def test_a_dry_run_tells_and_writes_nothing(store: Store, tmp_path: Path) -> None:
    report = look(tmp_path, SALES, sales(3) + "x,,2026-01-01,1\n", store=store)
    assert (report.dry_run, report.rows_read, report.rows_new, report.rows_bad) == (True, 4, 3, 1)
    assert report.first_errors[0].line == 5
    assert report.import_id == ""
    assert held(store, TRANSACTIONS).num_rows == 0
    with store.read() as tx:
        assert imports.read(tx) == []
        assert quarantine.read(tx).num_rows == 0


def test_without_a_database_new_and_known_cannot_be_told(tmp_path: Path) -> None:
    report = look(tmp_path, SALES, sales(3))
    assert (report.compared, report.rows_new, report.rows_known) == (False, 3, 0)


@pytest.mark.parametrize(
    ("mapping", "before", "then"),
    [
        (SALES, sales(20), sales(30, start=5) + sales(8, start=3).partition("\n")[2]),
        (WEB, web(VISITS[:5]), web(VISITS[3:] + VISITS[7:])),
        (CRM, HEADER + "1,north,,,\n2,south,,,\n", HEADER + "1,north,,,\n2,west,,,\n3,a,,,\n"),
        (LIST, "id,why\n1,staff\n", "id,why\n1,staff\n1,complaint\n2,staff\n3,whim\n"),
        (CALENDAR, MEETINGS, MEETINGS.replace("1,a,", "3,a,") + "2,a,2026-07-02 10:00,kept\n"),
    ],
    ids=["sales", "web", "people", "exclusions", "appointments"],
)
def test_a_dry_run_foretells_what_the_import_then_does(
    store: Store, bring: Bring, tmp_path: Path, mapping: str, before: str, then: str
) -> None:
    bring(mapping, before)
    stored = everything(store)
    foretold = look(tmp_path, mapping, then, store=store, chunk_rows=7)
    assert everything(store) == stored
    done = bring(mapping, then, now=NOW + HOUR, chunk_rows=7)
    assert foretold.rows_new == done.rows_new > 0
    assert foretold.rows_known == done.rows_known > 0
    assert (foretold.rows_bad, foretold.reasons) == (done.rows_bad, done.reasons)
