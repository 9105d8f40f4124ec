"""The purchase models of `lifetimes` on the customers and the weeks that Engage is judged on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from against import asked, missing
from figures import Figure
from numpy.typing import NDArray
from project import WORK, CommandFailed
from pyarrow import parquet

from engage.collect.keys import CUSTOMERS
from engage.domain.ids import Prefix, derive_column
from engage.scoring.metrics import bias, ngini, rmse

Floats = NDArray[np.float64]
Metric = Callable[[Floats, Floats], float]

DRAWS, DRAWN_BY = 500, 1
"""Samples of the customers, drawn with replacement, that tell the interval of a difference."""
SPEND = {"lifetimes": "spend", "lifetimes with first purchases": "spend_all"}
NUMBER = {"lifetimes": "purchases"}
"""The peers' columns; the second gamma-gamma also learns from what each bought first."""


@dataclass(frozen=True)
class Fitted:
    """What the peers expect of each person, and their parameters."""

    expected: pa.Table
    parameters: Mapping[str, float]


@dataclass(frozen=True)
class Judged:
    """What came of the same people, and what Engage (of each seed) and each peer expected."""

    actual: Floats
    ours: Sequence[Floats]
    peers: Mapping[str, Floats]

    def drawn(self, rows: NDArray[np.int64]) -> Judged:
        """Return some of the people, as often as they are named."""
        peers = {name: one[rows] for name, one in self.peers.items()}
        return Judged(self.actual[rows], [one[rows] for one in self.ours], peers)

    def apart(self, metric: Metric, peer: str) -> float:
        """Return the figure of Engage, a mean over the seeds, minus that of a peer."""
        ours = [metric(self.actual, one) for one in self.ours]
        return float(np.mean(ours)) - metric(self.actual, self.peers[peer])


def fitted(file: Path, end: int, header: int) -> Fitted | None:
    """Let the peers fit what was bought up to a day; None where they are not installed."""
    rows = [line.split() for line in file.read_text().splitlines()[header:]]
    seen = [(row[0], row[-3], float(row[-1])) for row in rows if int(row[-3]) <= end]
    number, day, dollars = zip(*seen, strict=True)
    person = derive_column(Prefix.PERSON, [CUSTOMERS] * len(number), number)
    purchases, found = WORK / "purchases.parquet", WORK / "purchases_found.parquet"
    parquet.write_table(pa.table({"person": person, "day": day, "dollars": dollars}), purchases)
    told = asked("values", purchases, found)
    return None if told is None else Fitted(parquet.read_table(found), json.loads(told))


def spend(peers: Fitted | None, rows: Sequence[Path]) -> list[Figure]:
    """Return how Engage's expected spend, in cents, compares with the best peer's."""
    if peers is None:
        return [missing("spend, minus the best peer's")]
    judged = _judged(peers, rows, SPEND, 100)
    return [
        _paired("spend RMSE, dollars", judged, rmse, most=False),
        _paired("normalised Gini", judged, ngini, most=True),
        _paired("bias of the total, either way", judged, _either_way, most=False),
    ]


def number(peers: Fitted | None, rows: Sequence[Path]) -> list[Figure]:
    """Return how Engage's expected number of purchases compares with the best peer's."""
    if peers is None:
        return [missing("transactions, minus the best peer's")]
    judged = _judged(peers, rows, NUMBER, 1)
    return [_paired("transactions RMSE", judged, rmse, most=False)]


def _judged(
    peers: Fitted, rows: Sequence[Path], columns: Mapping[str, str], scale: float
) -> Judged:
    asked_of = peers.expected.sort_by("person")
    each = []
    for file in rows:
        one = parquet.read_table(file, filters=[("part", "=", "judged")]).sort_by("person_id")
        if one["person_id"].to_pylist() != asked_of["person"].to_pylist():
            raise CommandFailed(f"{file.name}: the peers were asked about other people")
        each.append(one)
    return Judged(
        np.asarray(each[0]["label"]) / scale,
        [np.asarray(one["score"]) / scale for one in each],
        {name: np.asarray(asked_of[column]) for name, column in columns.items()},
    )


def _paired(what: str, judged: Judged, metric: Metric, *, most: bool) -> Figure:
    """Return the difference from the best peer, with the interval that drawn customers tell."""
    values = {name: metric(judged.actual, one) for name, one in judged.peers.items()}
    best = (max if most else min)(values, key=lambda name: values[name])
    people = len(judged.actual)
    draws = np.random.default_rng(DRAWN_BY).integers(people, size=(DRAWS, people))
    apart = [judged.drawn(rows).apart(metric, best) for rows in draws]
    low, high = np.quantile(apart, (0.025, 0.975))
    return Figure(
        f"{what}, minus the best peer's ({best})",
        f"{judged.apart(metric, best):+.3f} ({low:+.3f} to {high:+.3f})",
        f"not {'less' if most else 'more'} by more than chance",
        ", ".join(f"{name} {value:.3f}" for name, value in values.items()),
        bool(high >= 0 if most else low <= 0),
    )


def _either_way(actual: Floats, expected: Floats) -> float:
    return abs(bias(actual, expected))
