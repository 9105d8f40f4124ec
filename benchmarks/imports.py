"""How fast files come in, beside the bare insert of the same rows: `python benchmarks/imports.py`.

The bare insert is the driver's own `executemany` of ready values into the same table of the same
database in one transaction: no reading, no mapping, no visits, no check of what is known already.

`--gigabytes 10` writes one file of contact records of that size with 200 columns instead, and lets
`engage import` read it in a process whose data may not pass `--memory-mb`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa
from figures import Figure, table
from numpy.typing import NDArray

from engage.app.intake_files import import_file
from engage.collect.guess import guess
from engage.store import Store
from engage.store.tables import table as table_of

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def main() -> int:
    """Measure both ways for each kind, one after the other in one run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--gigabytes", type=float, default=0.0, help="one wide file of this size")
    parser.add_argument("--memory-mb", type=int, default=2_048, help="what reading it may take")
    asked = parser.parse_args()
    rows = asked.rows
    if asked.gigabytes:
        print(_wide(asked.gigabytes, asked.memory_mb << 20))
        return 0
    figures = [_figure(kind, make(rows)) for kind, make in KINDS.items()]
    print(table(figures))
    return 0


def _figure(kind: str, frame: pd.DataFrame) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{kind}.csv"
        frame.to_csv(file, index=False)
        imported = _import(kind, file, Store.open(f"sqlite:///{folder}/imported.db"))
        bare = _bare(kind, Path(folder))
    return Figure(
        f"{kind}: rows imported from CSV per second",
        f"{len(frame) / imported:,.0f}",
        "",
        f"{len(frame) / bare:,.0f} inserted bare; ratio {bare / imported:.2f}",
    )


def _import(kind: str, file: Path, store: Store) -> float:
    store.upgrade()
    columns = file.open().readline().strip().split(",")
    begun = time.perf_counter()
    report = import_file(store, kind, file, guess(kind, columns), now=NOW, source="benchmark")
    taken = time.perf_counter() - begun
    if report.rows_bad or not report.rows_new:
        raise SystemExit(f"{kind}: {report}")
    store.close()
    return taken


def _bare(kind: str, folder: Path) -> float:
    """Insert the very rows that the import stored, without it, into an empty copy of the table."""
    held, store = table_of(kind), Store.open(f"sqlite:///{folder}/bare.db")
    store.upgrade()
    source = Store.open(f"sqlite:///{folder}/imported.db")
    columns = [column for column in held.columns if column.name != "seq"]
    with source.read() as tx:
        values = tx.execute(sa.select(*columns)).cursor.fetchall()
    source.close()
    with store.write() as tx:
        statement = str(sa.insert(held).values({c.name: None for c in columns}).compile(tx))
        begun = time.perf_counter()
        tx.exec_driver_sql(statement, [tuple(row) for row in values])
    taken = time.perf_counter() - begun
    store.close()
    return taken


_ENGAGE = Path(sys.executable).with_name("engage")
_MAP = """
kind = "interactions"
source = "wide"
person = { column = "customer_id" }
key = { columns = ["contact_id"] }
[columns]
ts = { column = "begun" }
channel = { constant = "call" }
initiated_by = { constant = "customer" }
topic = { column = "field_100" }
"""


def _wide(gigabytes: float, limit: int) -> str:
    """Return what became of a file of contact records with 200 columns, read within a limit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([_ENGAGE, "init", folder / "project"], check=True, capture_output=True)
        (folder / "map.toml").write_text(_MAP)
        rows = _write_wide(folder / "wide.csv", int(gigabytes * 1e9))
        size = (folder / "wide.csv").stat().st_size / 1e9
        command = [_ENGAGE, "import", "interactions", folder / "wide.csv", "--map"]
        command += [folder / "map.toml", "-p", folder / "project", "--json"]
        begun = time.perf_counter()
        within = ["/bin/sh", "-c", 'ulimit -d "$0" && exec "$@"', str(limit >> 10)]
        done = subprocess.run([*within, *command], stdout=subprocess.PIPE, text=True, check=False)
        taken = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    (report,) = json.loads(done.stdout)
    if done.returncode or report["rows_new"] != rows:
        raise SystemExit(f"ended with {done.returncode}: {report}")
    return (
        f"{size:.1f} GB, {rows:,} rows of 200 columns: {taken:,.0f} s, {rows / taken:,.0f} rows/s, "
        f"{peak:,.0f} MB at most, all stored"
    )


def _write_wide(path: Path, size: int) -> int:
    """Write rows until the file is that large, and return how many those are."""
    names = ",".join(f"field_{n}" for n in range(197))
    values = ",".join(f"value {n:04}" for n in range(197))
    written = rows = 0
    with path.open("w") as file:
        written += file.write(f"contact_id,customer_id,begun,{names}\n")
        while written < size:
            second = rows % 86_400
            begun = (
                f"2026-01-{1 + rows // 86_400 % 28:02}T{second // 3600:02}:{second // 60 % 60:02}"
            )
            written += file.write(f"k{rows},c{rows % 100_000},{begun}:{second % 60:02}Z,{values}\n")
            rows += 1
    return rows


def _events(rows: int) -> pd.DataFrame:
    """Return visits of eight events half a minute apart, five a person, in order of time."""
    rng = np.random.default_rng(1)
    visits = -(-rows // 8)
    who = rng.integers(0, max(visits // 5, 1), visits)
    begun = rng.integers(0, 28 * 86_400, visits)
    seconds = (begun[:, None] + 30 * np.arange(8)).ravel()[:rows]
    frame = pd.DataFrame(
        {
            "event_id": [f"e{number}" for number in range(rows)],
            "person_id": np.repeat(who, 8)[:rows].astype(str),
            "ts": _text(seconds),
            "type": rng.choice(["page", "click", "form"], rows),
            "page": rng.choice(["/mortgage", "/mortgage/calculator", "/card", "/help"], rows),
        }
    )
    return frame.iloc[np.argsort(seconds, kind="stable")]


def _transactions(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "transaction_id": [f"t{number}" for number in range(rows)],
            "person_id": rng.integers(0, rows // 10, rows).astype(str),
            "ts": _text(np.sort(rng.integers(0, 28 * 86_400, rows))),
            "amount_minor": rng.integers(-5_000, 50_000, rows),
            "currency": "EUR",
        }
    )


def _text(seconds: NDArray[np.int64]) -> list[str]:
    start = pd.Timestamp(NOW - timedelta(days=28))
    moments = pd.DatetimeIndex(start + pd.to_timedelta(seconds, unit="s"))
    return moments.strftime("%Y-%m-%dT%H:%M:%SZ").tolist()


KINDS: dict[str, Callable[[int], pd.DataFrame]] = {"events": _events, "transactions": _transactions}


if __name__ == "__main__":
    sys.exit(main())
