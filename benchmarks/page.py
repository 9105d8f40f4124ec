"""The page docs/benchmarks.md: figures, the commands that gave them, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from figures import Result, markdown
from project import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"

_HEAD = """# Benchmarks

Measured on {day} by `make benchmark` on real, public data that is not part of this repository. Every
figure comes out of Engage's own commands; the projects with their mappings and models are in
`benchmarks/projects`. Written by `benchmarks/run.py --write`. Seconds are those of one run on a
small machine that did other things as well, and hold nowhere else.
"""


def write(results: Sequence[Result]) -> Path:
    """Write the page and return where it is, seen from the repository."""
    day = datetime.now(UTC).date().isoformat()
    PAGE.write_text("\n".join([_HEAD.format(day=day), *map(_section, results)]))
    return PAGE.relative_to(ROOT)


def _section(result: Result) -> str:
    commands = "\n".join(result.commands)
    return (
        f"## {result.name}\n\n{result.about}\n\n{markdown(result.figures)}\n\n"
        f"In {result.seconds:.0f} seconds, by:\n\n```console\n{commands}\n```\n"
    )
