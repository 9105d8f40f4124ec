"""The page docs/benchmarks.md: figures, the commands that gave them, and when."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from figures import Figure, Result, markdown
from project import ROOT, WORK

PAGE = ROOT / "docs" / "benchmarks.md"

_HEAD = """# Benchmarks

Measured by `make benchmark` on real, public data that is not part of this repository. The figures of
projects come out of Engage's own commands; the projects with their mappings and models are in
`benchmarks/projects`. What names `benchmarks/run.py` as its command is measured on Engage's own
modules. Written by `benchmarks/run.py --write`. Seconds are those of one run on a small machine that
did other work as well, and hold nowhere else.
"""


def keep(result: Result) -> None:
    """Keep a result beside its project, so that the page can be written from runs on several days."""
    WORK.mkdir(parents=True, exist_ok=True)
    _file(result.name).write_text(json.dumps(asdict(result), indent=2))


def kept(names: Iterable[str]) -> list[Result]:
    """Return the newest results of these projects; those never measured are left out."""
    found = [json.loads(_file(name).read_text()) for name in names if _file(name).is_file()]
    return [Result(**{**one, "figures": [Figure(**f) for f in one["figures"]]}) for one in found]


def write(results: Iterable[Result]) -> Path:
    """Write the page and return where it is, seen from the repository."""
    PAGE.write_text("\n".join([_HEAD, *map(_section, results)]))
    return PAGE.relative_to(ROOT)


def _file(name: str) -> Path:
    return WORK / f"{name}.json"


def _section(result: Result) -> str:
    commands = "\n".join(result.commands)
    return (
        f"## {result.name}\n\n{result.about}\n\n{markdown(result.figures)}\n\n"
        f"On {result.day}, in {result.seconds:.0f} seconds, by:\n\n```console\n{commands}\n```\n"
    )
