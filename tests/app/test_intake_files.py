"""Imports that are stopped go on, and files larger than memory come in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engage.app.intake_files import import_file
from engage.app.intake_retry import import_named, retry
from engage.collect.chunks import CHUNK_ROWS
from engage.collect.mapping_file import parse
from engage.errors import WrongUse
from engage.store import Store, imports, quarantine
from tests.app import killed_import
from tests.app.importing import CRM, HEADER, HOUR, NOW, SALES, VISITS, WEB, everything, sales, web

CHUNK = 4
FILES = {
    "transactions": (SALES, sales(15) + "bad,,,\n" + sales(5, start=20).partition("\n")[2]),
    "events": (WEB, web(VISITS * 2) + "10,,,2026-01-01,/p\n"),
    # Undated: what is known of a person twice is known by what was read before the stop.
    "people": (
        CRM,
        HEADER + "".join(f"{n % 11},r{n},0151 234567{n:02d},yes,2026-01-01\n" for n in range(14)),
    ),
}

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return an import in a process of its own."""

    def start(
        url: str, kind: str, *, now: datetime = NOW, rows: int = CHUNK, die: str = "never 0"
    ) -> subprocess.CompletedProcess[str]:
        mapping, content = FILES[kind]
        (tmp_path / "map.toml").write_text(mapping)
        file = tmp_path / "file.csv"
        if not file.exists():
            file.write_text(content)
        words = [url, str(tmp_path / "map.toml"), str(file), now.isoformat(), str(rows)]
        return subprocess.run(
            [sys.executable, "-m", killed_import.__name__, *words, *die.split()],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )

    return start


def state(store: Store) -> dict[str, Any]:
    """Return all that an import leaves behind, the moment it ended excepted."""
    with store.read() as tx:
        aside = quarantine.read(tx, state=None).drop_columns(["import_id", "quarantine_id"])
        (noted,) = imports.read(tx)
    counts = noted.rows_read, noted.rows_new, noted.rows_bad, noted.state, noted.started_at
    return {**everything(store), "aside": aside.to_pylist(), "counts": counts}


def unbroken(folder: Path, kind: str) -> dict[str, Any]:
    """Return what the same file leaves behind in another database, when nobody stops it."""
    mapping, content = FILES[kind]
    file = folder / "file.csv"
    file.write_text(content)
    other = Store.open(f"sqlite:///{folder / 'unbroken.db'}")
    other.upgrade()
    loaded = parse(mapping)
    import_file(other, loaded.kind, file, loaded, now=NOW)
    found = state(other)
    other.close()
    return found


@pytest.mark.parametrize(
    ("kind", "die"), [*((kind, "between 2") for kind in FILES), ("people", "within 3")]
)
def test_a_killed_import_goes_on_to_where_it_would_have_ended(
    store: Store, store_url: str, tmp_path: Path, run: Run, kind: str, die: str
) -> None:
    expected = unbroken(tmp_path, kind)
    assert run(store_url, kind, die=die).returncode == -9
    with store.read() as tx:
        (cut_short,) = imports.read(tx)
    assert (cut_short.state, cut_short.rows_read) == (imports.RUNNING, 2 * CHUNK)
    # A day later it still counts from the moment it first began.
    assert run(store_url, kind, now=NOW + 24 * HOUR).returncode == 0
    assert state(store) == expected


@pytest.mark.only_on("sqlite")
def test_killed_after_the_last_row_it_has_only_to_be_closed(
    store: Store, store_url: str, tmp_path: Path, run: Run
) -> None:
    expected = unbroken(tmp_path, "transactions")
    assert run(store_url, "transactions", die="between 6").returncode == -9
    assert run(store_url, "transactions", now=NOW + HOUR).returncode == 0
    assert state(store) == expected


def test_of_two_that_read_the_same_file_at_once_one_gives_way(store: Store, tmp_path: Path) -> None:
    mapping, content = FILES["transactions"]
    expected = unbroken(tmp_path, "transactions")
    (tmp_path / "file.csv").write_text(content)

    def bring(**how: Any) -> Any:
        loaded = parse(mapping)
        path = tmp_path / "file.csv"
        return import_file(store, "transactions", path, loaded, now=NOW, chunk_rows=CHUNK, **how)

    def another(*_: int) -> None:
        assert bring().rows_before == CHUNK

    with pytest.raises(WrongUse, match="another process is importing this file"):
        bring(progress=another)
    assert state(store) == expected


def test_rows_set_aside_before_the_stop_can_be_retried_after_it(
    store: Store, store_url: str, run: Run
) -> None:
    run(store_url, "people", die="between 3")
    run(store_url, "people", now=NOW + HOUR)
    with store.read() as tx:
        (noted,) = imports.read(tx)
    assert noted.rows_bad == 3
    assert retry(store, import_named(store, noted.import_id), now=NOW + HOUR).rows_bad == 3


# ── Memory ───────────────────────────────────────────────────────────────────────────────────────


def wide(path: Path, count: int) -> None:
    """Write sales of 2 kB each."""
    with path.open("w") as file:
        file.write("bill,who,day,euros,note\n")
        for number in range(count):
            file.write(f"{number},c{number},2026-01-01,1,{'x' * 2_000}\n")


def memory(run: Run, url: str, path: Path, count: int, rows: int) -> float:
    """Return the most megabytes that an import of so many rows took."""
    wide(path, count)
    done = run(url, "transactions", rows=rows)
    assert done.returncode == 0, done.stderr
    return int(done.stdout) / 1024


@pytest.mark.only_on("sqlite")
def test_a_file_ten_times_as_long_takes_no_more_memory(
    store_url: str, tmp_path: Path, run: Run
) -> None:
    file = tmp_path / "file.csv"
    memory(run, store_url, file, 4_000, rows=1_000)
    # Both begin with these rows, so that both compare what is known already.
    short = memory(run, store_url, file, 4_001, rows=1_000)
    long = memory(run, store_url, file, 40_000, rows=1_000)
    # The file is 80 MB longer; held whole as text it would be more.
    print(f"{short:.0f} MB for 8 MB, {long:.0f} MB for 80 MB")
    assert long - short < 25


@pytest.mark.faults
@pytest.mark.only_on("sqlite")
def test_a_gigabyte_comes_in_within_a_few_hundred_megabytes(
    store_url: str, tmp_path: Path, run: Run
) -> None:
    file = tmp_path / "file.csv"
    short = memory(run, store_url, file, 100_000, rows=CHUNK_ROWS)
    long = memory(run, store_url, file, 500_000, rows=CHUNK_ROWS)
    print(f"{short:.0f} MB for 0.2 GB, {long:.0f} MB for 1 GB")
    assert long - short < 100
