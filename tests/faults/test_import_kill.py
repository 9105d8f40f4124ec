"""kill -9 at random moments of an import: in the end the same rows as without."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engage.app.intake_files import import_file
from engage.collect.mapping_file import parse
from engage.store import Store, imports, quarantine
from tests.app import killed_import
from tests.app.importing import NOW, WEB, everything, web

ROWS, CHUNK, KILLS = 60_000, 1_000, 10


def state(store: Store) -> dict[str, Any]:
    with store.read() as tx:
        (noted,) = imports.read(tx)
        aside = quarantine.read(tx)["line"].to_pylist()
    found = {**everything(store), "aside": aside, "read": noted.rows_read, "bad": noted.rows_bad}
    return found | {"new": noted.rows_new, "state": noted.state}


def start(url: str, folder: Path) -> subprocess.Popen[bytes]:
    words = [url, *(str(folder / name) for name in ("map.toml", "file.csv")), NOW.isoformat()]
    return subprocess.Popen(
        [sys.executable, "-m", killed_import.__name__, *words, str(CHUNK), "never", "0"],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
    )


def rows_read(store: Store) -> int:
    with store.read() as tx:
        return sum(one.rows_read for one in imports.read(tx))


@pytest.mark.faults
def test_an_import_killed_at_ten_moments_brings_the_same_rows(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    visits = [(str(n), f"b{n % 97}", f"u{n % 89}" * (n % 5 == 0), n * 7) for n in range(ROWS)]
    (tmp_path / "map.toml").write_text(WEB)
    (tmp_path / "file.csv").write_text(web(visits) + "x,,,2026-01-01,/p\n")
    chance = random.Random(1)  # noqa: S311 - so that a failure can be tried again
    for kill in range(KILLS):
        process = start(store_url, tmp_path)
        # Each process gets on by a chunk or more, so that all kills fall into the import.
        until = time.monotonic() + 120
        goal = (kill + 1) * ROWS // (KILLS + 2)
        while rows_read(store) < goal and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(chance.random() * 0.5)
        assert process.poll() is None, "it ended by itself"
        process.kill()
        assert process.wait() == -9
    assert rows_read(store) < ROWS
    assert start(store_url, tmp_path).wait() == 0
    found = state(store)
    other = Store.open(f"sqlite:///{tmp_path / 'unbroken.db'}")
    other.upgrade()
    import_file(other, "events", tmp_path / "file.csv", parse(WEB), now=NOW, chunk_rows=CHUNK)
    assert found == state(other)
    other.close()
