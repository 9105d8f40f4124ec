"""Measures Engage on real data through its public commands: `make benchmark`.

Each project of `projects/` is set up anew under var/benchmarks, and its figures are printed beside
their targets; studies then measure Engage's own modules. `--write` also writes docs/benchmarks.md from the newest run of each. Names of projects choose some. Files
that are not there are said to be missing and skipped.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import bank
import cdnow
import drift
import helpdesk
import hillstrom
import policies
import prediction
import shoppers
from figures import Figure, Result, table
from page import keep, kept, write
from project import DATA, CommandFailed, Project


@dataclass(frozen=True)
class Benchmark:
    """A project, the file it needs, and what measures it."""

    name: str
    file: str
    about: str
    measure: Callable[[Project], list[Figure]]


BENCHMARKS = tuple(
    Benchmark(module.__name__, module.FILE, (module.__doc__ or "").strip(), module.measure)
    for module in (shoppers, bank, helpdesk, hillstrom, cdnow)
)


@dataclass(frozen=True)
class Study:
    """What measures Engage's own modules, and the files it needs."""

    name: str
    files: Sequence[str]
    about: str
    measure: Callable[[], list[Figure]]


STUDIES = tuple(
    Study(module.__name__, files, (module.__doc__ or "").strip(), module.measure)
    for module, files in (
        (policies, (policies.FILE,)),
        (drift, (drift.SHOPPERS, drift.BANK)),
        (prediction, ()),
    )
)
NAMES = [one.name for one in (*BENCHMARKS, *STUDIES)]


def main() -> int:
    """Run the benchmarks that were asked for; 3 when a command of one failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*NAMES, []])
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    asked = parser.parse_args()
    failed = False
    for benchmark in BENCHMARKS:
        if asked.names and benchmark.name not in asked.names:
            continue
        if not (DATA / benchmark.file).is_file():
            print(f"SKIPPED {benchmark.name}: there is no {benchmark.file} in ../shared/data")
            continue
        failed |= not _done(run, benchmark)
    for study in STUDIES:
        if not asked.names or study.name in asked.names:
            failed |= not _done(look, study)
    if asked.write:
        print(f"written: {write(kept(NAMES))}")
    return 3 if failed else 0


def _done(measure: Callable[[Any], Result | None], of: Benchmark | Study) -> bool:
    """Return whether no command failed; one that did is named, and the next is measured."""
    try:
        measure(of)
    except CommandFailed as error:
        print(f"FAILED {error}\n", file=sys.stderr)
        return False
    return True


def run(benchmark: Benchmark) -> Result:
    """Set a project up, measure it, and print its figures."""
    print(f"{benchmark.name}: {benchmark.about.splitlines()[0]}", flush=True)
    begun = time.monotonic()
    project = Project(benchmark.name)
    project.begin()
    return told(benchmark, benchmark.measure(project), project.commands, begun)


def look(study: Study) -> Result | None:
    """Make a study whose files are there, and print its figures."""
    missing = [file for file in study.files if not (DATA / file).is_file()]
    if missing:
        print(f"SKIPPED {study.name}: there is no {missing[0]} in ../shared/data")
        return None
    print(f"{study.name}: {study.about.splitlines()[0]}", flush=True)
    begun = time.monotonic()
    return told(study, study.measure(), [f"python benchmarks/run.py {study.name}"], begun)


def told(
    of: Benchmark | Study, figures: list[Figure], commands: Sequence[str], begun: float
) -> Result:
    """Print figures and keep them for the page."""
    seconds = time.monotonic() - begun
    print(f"\n{table(figures)}\n{seconds:.0f} s\n", flush=True)
    day = datetime.now(UTC).date().isoformat()
    result = Result(of.name, of.about, figures, commands, seconds, day)
    keep(result)
    return result


if __name__ == "__main__":
    sys.exit(main())
