"""Between which amounts people like this one end up, by the artifact that gave the score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from engage.scoring.interval import from_body
from engage.store import Tx, artifacts


def score_interval(tx: Tx, artifact_id: str, score: float) -> tuple[float, float] | None:
    """Return (low, high) of a stored score; None for a chance, or where nobody could tell."""
    record = artifacts.get(tx, artifact_id)
    found = None if record is None else from_body(record.body.get("interval"))
    if found is None:
        return None
    low, high = found.around(np.array([score]))
    return float(low[0]), float(high[0])


def with_intervals(tx: Tx, scores: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield stored scores, those of amounts with the bounds of four in five people like this one."""
    for row in scores:
        bounds = score_interval(tx, row["artifact_id"], row["score"])
        yield {**row, **(dict(zip(("low", "high"), bounds, strict=True)) if bounds else {})}


def decision_intervals(tx: Tx, decision: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the bounds of each amount that stood behind a decision, by its model's name."""
    known = decision["features"] or {}
    found = {
        name: score_interval(tx, artifact_id, known[name])
        for name, artifact_id in sorted((decision["artifacts"] or {}).items())
        if known.get(name) is not None
    }
    return {name: bounds for name, bounds in found.items() if bounds is not None}
