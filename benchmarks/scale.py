"""How everything grows with the bank: `python benchmarks/scale.py 10000 100000 [--nasty]`.

Eight weeks of events and two years of transactions before launch. Each stage is a process of its
own, so that its seconds and the memory it held at most are its own: the bank is drawn and told,
its history is taken in, every nightly job runs, and then visitors come for some minutes while the
continuous jobs run every ten seconds. `--only simulate` stops after the first.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import dropwhile
from pathlib import Path
from typing import Any

PYTHON, ENGAGE = sys.executable, str(Path(sys.executable).with_name("engage"))
NIGHTLY = (
    "archive_history",
    "train_models",
    "value_customers",
    "plan_capacity",
    "build_recovery_list",
    "measure_effect",
    "check_invariants",
    "watch_drift",
    "learn_uplift",
    "purge_expired",
)
AT_NIGHT = timedelta(hours=3)
"""After launch."""
LOOKED_AT = timedelta(hours=34)
"""After launch: ten in the morning of the second day."""
ROWS, CACHE_MB = 500_000, 2_000
"""Of a transaction of the first import, and the memory SQLite may use for it."""
TICKS, EVERY = 30, timedelta(seconds=10)
_LINE = "{:>10}  {:<20} {:>9} {:>9} {:>9}  {}"


def simulate(folder: Path, people: int, nasty: bool) -> dict[str, Any]:
    """Draw a bank and write down what it tells: history in pieces, then the rows of each tick."""
    import pyarrow.parquet as pq

    from engage.simulate.nastiness import Nastiness
    from engage.simulate.world import World

    troubles = Nastiness.all() if nasty else Nastiness.none()
    world = World(people, 1, weeks_before=8, weeks_live=1, nastiness=troubles)
    rows = 0
    for place, (name, piece) in enumerate(world.history_in_pieces()):
        pq.write_table(piece, folder / f"history-{place:04}-{name}.parquet")
        rows += piece.num_rows
    begin = world.starts_at + LOOKED_AT
    for number in range(TICKS + 1):
        for name, told in world.until(begin + number * EVERY).items():
            pq.write_table(told, folder / f"tick-{number:02}-{name}.parquet")
    (folder / "begin.txt").write_text(f"{world.starts_at.isoformat()} {begin.isoformat()}")
    return {"rows": rows}


def take(folder: Path) -> dict[str, Any]:
    """Begin a project and take in the history, half a million rows a transaction."""
    import pyarrow.parquet as pq

    from engage.app import intake
    from engage.project import open_project
    from engage.starting import begin_project

    begin_project(folder / "project")
    settings = folder / "project" / "settings.toml"
    shipped = settings.read_text()
    settings.write_text(shipped.replace("cache_mb = 32", f"cache_mb = {CACHE_MB}"))
    store = open_project(folder / "project").app.store
    launch, rows = _moments(folder)[0], 0
    for file in sorted(folder.glob("history-*.parquet")):
        for batch in pq.ParquetFile(file).iter_batches(ROWS):
            name, table = _named(file), _table(batch)
            intake.take(store, {name: table}, now=launch)
            rows += table.num_rows
    settings.write_text(shipped)
    return {"rows": rows, "database MB": _megabytes(folder / "project" / "var")}


def live(folder: Path) -> dict[str, Any]:
    """Let visitors come for some minutes; each tick takes rows in and runs what is due."""
    import pyarrow.parquet as pq

    from engage.app import intake
    from engage.clock import MovingClock
    from engage.project import open_project
    from engage.scheduler import tick
    from engage.store import sessions

    begin = _moments(folder)[1]
    clock = MovingClock(begin)
    project = open_project(folder / "project", clock=clock)
    continuous = {n: j for n, j in project.jobs.items() if n not in NIGHTLY}
    took: list[float] = []
    for number in range(TICKS + 1):
        clock.set(begin + number * EVERY)
        files = sorted(folder.glob(f"tick-{number:02}-*.parquet"))
        rows = {_named(file): pq.read_table(file) for file in files}
        began = time.monotonic()
        intake.take(project.app.store, rows, now=clock.now())
        failed = [run for run in tick(project.app, continuous) if run.error]
        took.append(time.monotonic() - began)
        if failed:
            raise SystemExit(f"{failed[0].job}: {failed[0].error}")
    with project.app.store.read() as tx:
        alive = sessions.alive(tx, clock.now() - timedelta(minutes=30), clock.now()).num_rows
    project.app.store.close()
    ticks = sorted(took[1:])
    return {
        "first tick s (34 hours of rows)": round(took[0], 1),
        "median tick s": round(ticks[len(ticks) // 2], 2),
        "slowest": round(ticks[-1], 2),
        "visitors on the page": alive,
    }


STAGES = {"take": take, "live": live}


def stages(folder: Path, people: int, nasty: bool, only: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each stage's name and command."""

    def here(name: str) -> list[str]:
        more = ["--nasty"] if nasty else []
        return [PYTHON, __file__, str(people), "--stage", name, "--folder", str(folder), *more]

    yield "simulate", here("simulate")
    if only == "simulate":
        return
    yield "take", here("take")
    night = (_moments(folder)[0] + AT_NIGHT).isoformat()
    for job in NIGHTLY:
        yield job, [ENGAGE, "job", job, "--at", night, "-p", str(folder / "project")]
    yield "live", here("live")


def _moments(folder: Path) -> list[datetime]:
    return [datetime.fromisoformat(one) for one in (folder / "begin.txt").read_text().split()]


def _named(file: Path) -> str:
    return file.stem.split("-", 2)[2]


def _table(batch: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_batches([batch])


def _megabytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) >> 20


def _measured(command: list[str]) -> tuple[str, str, int, str]:
    """Run a command; return its seconds, those of the cores, its peak megabytes and last line."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(command, stdout=told)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        lines = told.read().split("\n")
    fine = (0, 1) if command[0] == ENGAGE else (0,)  # 1: done, but something was refused
    if process.returncode not in fine:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    last = next((line for line in reversed(lines) if line.strip()), "")
    seconds, cores = time.monotonic() - began, used.ru_utime + used.ru_stime
    return f"{seconds:.1f}", f"{cores:.1f}", used.ru_maxrss >> 10, last


def _stage(asked: argparse.Namespace) -> dict[str, Any]:
    if asked.stage == "simulate":
        return simulate(asked.folder, asked.people[0], asked.nasty)
    return STAGES[asked.stage](asked.folder)


def main() -> None:
    """Measure each stage of each size and print a line for each."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("people", type=int, nargs="+")
    options.add_argument("--nasty", action="store_true", help="with every trouble")
    options.add_argument("--only", choices=["simulate"], default="", help="stop after this")
    options.add_argument("--begin", default="", help="leave out the stages before this one")
    options.add_argument("--stage", choices=["simulate", *STAGES], help=argparse.SUPPRESS)
    options.add_argument("--folder", type=Path, help="where the files go; kept when given")
    asked = options.parse_args()
    if asked.stage:
        print(json.dumps(_stage(asked)))
        return
    print(_LINE.format("people", "stage", "seconds", "cores' s", "peak MB", ""))
    for people in asked.people:
        with tempfile.TemporaryDirectory() as made:
            folder = (asked.folder or Path(made)) / str(people)
            folder.mkdir(parents=True, exist_ok=True)
            every = stages(folder, people, asked.nasty, asked.only)
            for name, command in dropwhile(lambda one: asked.begin not in ("", one[0]), every):
                print(_LINE.format(people, name, *_measured(command)), flush=True)


if __name__ == "__main__":
    main()
