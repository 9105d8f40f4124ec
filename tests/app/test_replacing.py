"""Rows that were read wrongly are as if they had been read rightly at first, once they are replaced."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engage.app.imported import ImportReport
from engage.app.intake_files import import_file
from engage.app.intake_preview import preview
from engage.app.replacing import Replacing
from engage.collect.mapping_file import parse
from engage.domain.catalog import ARCHIVED
from engage.domain.goals import Goal
from engage.errors import WrongUse
from engage.store import Store
from engage.store.history import History
from tests.app.importing import CRM, HEADER, HOUR, NOW, SALES, Bring, held, sales

CLICKS = """
kind = "events"
source = "web"
person = { column = "user" }
key = { columns = ["id"] }
[columns]
ts = { column = "at" }
type = { column = "kind" }
page = { column = "page" }
"""
WRONG = CLICKS.replace('column = "kind"', 'column = "other"')
STRANGERS = WRONG.replace('column = "user"', 'column = "page"')
KEYLESS = CLICKS.replace('key = { columns = ["id"] }', "")
FORMS = [Goal("sent", "events", "type = 'form'"), Goal("seen", "events", "type = 'click'")]
START = datetime(2026, 3, 1, 8, tzinfo=UTC)


def clicks(count: int = 24) -> str:
    """Return clicks of four people, of whom each comes again after three hours."""
    lines = [
        f"{n},u{n % 4},{(START + timedelta(minutes=7 * n + 180 * (n // 12))).isoformat()},"
        f"{'form' if n % 3 else 'page'},click,/p{n % 2}"
        for n in range(count)
    ]
    return "id,user,at,kind,other,page\n" + "\n".join(lines) + "\n"


@pytest.fixture
def replace(bring: Bring) -> Bring:
    """Return an importer that replaces."""

    def make(mapping: str, content: str, **how: Any) -> ImportReport:
        return bring(mapping, content, replacing=Replacing(FORMS), **how)

    return make


@pytest.fixture
def rightly(sqlite_template: Path, tmp_path: Path) -> Iterator[dict[str, list[Any]]]:
    """Yield what is stored of the clicks when they are read rightly at first."""
    shutil.copyfile(sqlite_template, tmp_path / "rightly.db")
    file = tmp_path / "rightly.csv"
    file.write_text(clicks())
    store = Store.open(f"sqlite:///{tmp_path / 'rightly.db'}")
    import_file(store, "events", file, parse(CLICKS), now=NOW)
    yield stored(store)
    store.close()


def stored(store: Store) -> dict[str, list[Any]]:
    return {name: held(store, ARCHIVED[name]).to_pylist() for name in ("events", "sessions")}


def numbers(report: ImportReport) -> tuple[int, int, int, int]:
    return report.rows_new, report.rows_known, report.rows_differing, report.rows_replaced


def test_a_mended_mapping_says_how_many_known_rows_say_something_else(
    bring: Bring, store: Store, tmp_path: Path
) -> None:
    bring(WRONG, clicks(), name="clicks.csv")
    before = stored(store)
    path = tmp_path / "clicks.csv"
    assert numbers(preview(path, parse(CLICKS), now=NOW, store=store)) == (0, 24, 24, 0)
    report = bring(CLICKS, clicks())
    assert numbers(report) == (0, 24, 24, 0)
    assert report.read_otherwise is None  # nothing stands beside anything
    assert stored(store) == before
    assert numbers(bring(WRONG, clicks())) == (0, 24, 0, 0)


@pytest.mark.parametrize("wrong", [WRONG, STRANGERS], ids=["another type", "another person"])
@pytest.mark.parametrize("chunk_rows", [5, 50_000], ids=["in chunks", "at once"])
@pytest.mark.parametrize("archived", [False, True], ids=["hot", "archived"])
def test_replaced_events_and_visits_are_as_if_read_rightly_at_first(
    bring: Bring,
    replace: Bring,
    store: Store,
    tmp_path: Path,
    rightly: dict[str, list[Any]],
    wrong: str,
    chunk_rows: int,
    *,
    archived: bool,
) -> None:
    history = History(tmp_path / "history", store)
    bring(wrong, clicks())
    if archived:
        history.archive(NOW + 2 * HOUR, hot_d=1000)
    report = replace(CLICKS, clicks(), chunk_rows=chunk_rows)
    assert numbers(report) == (0, 24, 24, 24)
    assert stored(store) == rightly
    for _ in range(2):
        for name, expected in rightly.items():
            found = history.table(name)
            key = ARCHIVED[name].key[0]
            assert found.sort_by(key)[key].to_pylist() == [row[key] for row in expected]
            assert set(found["person_id"].to_pylist()) == {row["person_id"] for row in expected}
        history.archive(NOW + 4 * HOUR, hot_d=1000)
    assert numbers(replace(CLICKS, clicks())) == (0, 24, 0, 0)
    assert stored(store) == rightly


def test_what_has_left_the_database_is_replaced_in_the_history(
    bring: Bring, store: Store, tmp_path: Path, rightly: dict[str, list[Any]]
) -> None:
    history = History(tmp_path / "history", store)
    bring(WRONG, clicks())
    history.archive(NOW + timedelta(days=40), hot_d=30)
    assert not stored(store)["events"]
    assert bring(CLICKS, clicks(), now=NOW + timedelta(days=41)).rows_new == 24
    found = history.table("events").sort_by("event_id")
    assert found["type"].to_pylist() == [row["type"] for row in rightly["events"]]
    assert len(history.table("sessions")) == len(rightly["sessions"])


def test_other_events_of_the_same_visits_stay(bring: Bring, replace: Bring, store: Store) -> None:
    bring(CLICKS, clicks())
    before = stored(store)
    some = "\n".join(clicks().splitlines()[:8]) + "\n"
    assert numbers(replace(STRANGERS, some)) == (0, 7, 7, 7)
    assert len(held(store, ARCHIVED["events"])) == 24
    assert stored(store) != before
    assert numbers(replace(CLICKS, some)) == (0, 7, 7, 7)
    assert stored(store) == before


def test_rows_without_a_key_do_not_stand_twice(
    bring: Bring, replace: Bring, store: Store, rightly: dict[str, list[Any]]
) -> None:
    keyless = KEYLESS.replace('column = "kind"', 'column = "other"')
    bring(keyless, clicks(), name="clicks.csv")
    report = bring(KEYLESS, clicks())
    assert report.rows_new == 24
    assert report.read_otherwise == NOW
    assert len(held(store, ARCHIVED["events"])) == 48
    report = replace(KEYLESS, clicks(), chunk_rows=5)
    assert (report.rows_taken_back, report.read_otherwise) == (24, None)
    ours = stored(store)["events"]
    assert {row["type"] for row in ours} == {"page", "form"}
    assert [row["ts"] for row in sorted(ours, key=lambda row: row["ts"])] == sorted(
        row["ts"] for row in rightly["events"]
    )
    assert len(stored(store)["sessions"]) == len(rightly["sessions"])
    assert replace(KEYLESS, clicks()).rows_taken_back == 0


def test_what_was_set_aside_before_stands_beside_nothing(bring: Bring) -> None:
    content = sales(2) + '9,c1,2026-01-09,"9,50"\n'
    assert bring(SALES, content).rows_bad == 1
    mended = SALES.replace("scale = 100", 'scale = 100, decimal = ","')
    report = bring(mended, content)
    assert (report.rows_new, report.read_otherwise) == (1, None)


def test_outcomes_follow_what_the_rows_say_now(bring: Bring, replace: Bring, store: Store) -> None:
    bring(WRONG, clicks())

    def goals() -> list[str]:
        return sorted(row["goal"] for row in held(store, ARCHIVED["outcomes"]).to_pylist())

    replace(CLICKS, clicks())
    assert goals() == ["sent"] * 16
    replace(WRONG, clicks())
    assert goals() == ["seen"] * 24
    replace(CLICKS, clicks())
    assert goals() == ["sent"] * 16


def test_amounts_are_replaced_too_and_the_last_of_a_key_counts(
    replace: Bring, bring: Bring, store: Store
) -> None:
    bring(SALES, sales(6))
    wrong = SALES.replace("100", "1000")
    assert numbers(replace(wrong, sales(6))) == (0, 6, 6, 6)
    twice = sales(6) + "0,c0,2026-01-01,7\n"
    for _ in range(2):
        replace(SALES, twice)
        amounts = held(store, ARCHIVED["transactions"])["amount_minor"].to_pylist()
        assert sorted(amounts) == [150, 250, 350, 450, 550, 700]


def test_a_replacing_import_begins_at_the_beginning(
    bring: Bring, replace: Bring, store: Store
) -> None:
    bring(WRONG, clicks())

    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring(CLICKS, clicks(), chunk_rows=5, progress=stop)
    assert numbers(replace(CLICKS, clicks(), chunk_rows=5)) == (0, 24, 24, 24)


def test_what_keeps_every_word_is_not_replaced(replace: Bring) -> None:
    with pytest.raises(WrongUse, match="--replace is for events, transactions, decisions"):
        replace(CRM, HEADER)
