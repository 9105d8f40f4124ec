"""A figure beside what it is compared with, for people on a terminal and in the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured figure."""

    what: str
    measured: str
    target: str = ""
    """What it should reach, or what it should equal."""
    peer: str = ""
    """What others reach, or the same figure computed without Engage."""
    met: bool | None = None
    """Whether the target is reached; None where there is none."""

    def cells(self) -> tuple[str, ...]:
        """Return the figure as the cells of a table."""
        verdict = {None: "", True: "yes", False: "NO"}[self.met]
        return (self.what, self.measured, self.target, self.peer, verdict)


@dataclass(frozen=True)
class Result:
    """What one project measured, by which commands, and how long it took."""

    name: str
    about: str
    figures: Sequence[Figure]
    commands: Sequence[str]
    seconds: float
    day: str


COLUMNS = ("figure", "measured", "target", "compared with", "met")


def at_least(what: str, values: Sequence[float], target: float, peer: str = "") -> Figure:
    """Return the mean of a figure over seeds, with its range, beside the least it should be."""
    mean = sum(values) / len(values)
    spread = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
    return Figure(what, f"{mean:.3f}{spread}", f">= {target:.3f}", peer, mean >= target)


def table(figures: Sequence[Figure]) -> str:
    """Return figures as columns of text."""
    rows = [COLUMNS, *(one.cells() for one in figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def markdown(figures: Sequence[Figure]) -> str:
    """Return figures as a table in Markdown."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(one.cells() for one in figures)]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows
    )
