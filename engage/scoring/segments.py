"""How good a model is for each part of the people, and whether it is as honest to one as to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import stats

from engage.domain.scores import Objective
from engage.features.definition import Feature
from engage.scoring.columns import plain_words
from engage.scoring.drift import holm
from engage.scoring.quality import quality

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

MOST_SEGMENTS = 8
"""Of each feature: the words with most rows."""
FEWEST_ROWS = 50
"""A segment of fewer rows has no figure that is more than chance."""
_FIGURES = ("n", "base_rate", "roc_auc", "ece", "ece_by_chance", "bias", "bias_by_chance", "ngini")

Figures = dict[str, float | None]


def by_feature(
    features: Sequence[Feature],
    objective: Objective,
    frame: pa.Table,
    actual: Floats,
    predicted: Floats,
) -> dict[str, dict[str, Figures]]:
    """Return the figures of each word of each category and flag: {feature: {word: figures}}.

    At most `MOST_SEGMENTS` words a feature, each of at least `FEWEST_ROWS` rows.
    """
    found = {}
    for feature in features:
        if feature.type in ("category", "flag"):
            segments = by_word(objective, frame.column(feature.name), actual, predicted)
            if len(segments) > 1:
                found[feature.name] = segments
    return found


def by_word(
    objective: Objective, column: pa.ChunkedArray, actual: Floats, predicted: Floats
) -> dict[str, Figures]:
    """Return the figures of the rows of each word of one column, the most frequent first."""
    found = {}
    for word, rows in words_of(column)[:MOST_SEGMENTS]:
        found[word] = figures(objective, actual[rows], predicted[rows])
    return found


def figures(objective: Objective, actual: Floats, predicted: Floats) -> Figures:
    """Return the figures of one part of the rows, with the mean of what is stated."""
    found = quality(objective, actual, predicted)
    told = {name: found[name] for name in _FIGURES if name in found}
    return {**told, "stated": float(predicted.mean())}


def words_of(column: pa.ChunkedArray) -> list[tuple[str, Whole]]:
    """Return each word with its rows, the most frequent first; what is missing is no segment."""
    words = plain_words(column)
    counted = pc.value_counts(words.drop_null()).to_pylist()
    order = sorted(counted, key=lambda one: (-one["counts"], one["values"]))
    return [
        (one["values"], _rows(words, one["values"]))
        for one in order
        if one["counts"] >= FEWEST_ROWS
    ]


def _rows(words: pa.Array, word: str) -> Whole:
    same = pc.fill_null(pc.equal(words, word), False)
    return np.flatnonzero(same.to_numpy(zero_copy_only=False))


@dataclass(frozen=True, slots=True)
class Parity:
    """What a model states for one group that it knows nothing of, beside what happened to it."""

    group: str
    rows: int
    people: int
    stated: float
    """Mean score."""
    happened: float
    """Mean outcome."""
    gap: float
    """What happened less what was stated: above zero, the group is scored too low."""
    low: float
    high: float
    """The 95 % interval of the gap, rows of one person taken together."""
    chosen: float
    """The share whose score is among the highest tenth of all: who would be approached first."""
    found: float | None
    """Of those with the outcome, the share among them (equal opportunity, Hardt et al. 2016)."""
    unequal: bool
    """Whether the gap is larger than `Limits` allow and no chance explains it."""


def parity(
    column: pa.ChunkedArray,
    actual: Floats,
    predicted: Floats,
    person: Whole,
    *,
    largest_gap: float = 0.02,
    chance: float = 0.05,
) -> list[Parity]:
    """Return one line for each group of an attribute that the model never saw.

    Unequal: its gap is larger than `largest_gap` (times the mean amount, for an amount), and
    larger than chance explains over all groups together (Holm 1979). A gap is what calibration
    within groups means; where base rates differ, no score can equalise every figure at once
    (Kleinberg et al. 2016), so the others are shown and not judged.
    """
    unit = 1.0 if np.isin(actual, (0.0, 1.0)).all() else abs(float(actual.mean())) or 1.0
    top = predicted >= np.quantile(predicted, 0.9) if len(predicted) else predicted > 0
    lines = [_group(word, rows, actual, predicted, person, top) for word, rows in words_of(column)]
    adjusted = holm([p for _, p in lines])
    return [
        _judged(line, bool(abs(line.gap) > largest_gap * unit and p < chance))
        for (line, _), p in zip(lines, adjusted, strict=True)
    ]


def _judged(line: Parity, unequal: bool) -> Parity:
    values = {name: getattr(line, name) for name in Parity.__slots__}
    return Parity(**{**values, "unequal": unequal})


def _group(
    word: str,
    rows: Whole,
    actual: Floats,
    predicted: Floats,
    person: Whole,
    top: NDArray[np.bool_],
) -> tuple[Parity, float]:
    miss = actual[rows] - predicted[rows]
    gap = float(miss.mean())
    _, who = np.unique(person[rows], return_inverse=True)
    people = int(who.max()) + 1
    sums = np.bincount(who, weights=miss - gap)
    error = float(np.sqrt((sums**2).sum() * people / max(people - 1, 1)) / len(rows))
    reach = float(stats.t.ppf(0.975, max(people - 1, 1))) * error
    p = 2 * float(stats.t.sf(abs(gap) / max(error, 1e-300), max(people - 1, 1)))
    positives = actual[rows] > 0
    found = float(top[rows][positives].mean()) if positives.any() else None
    line = Parity(
        group=word,
        rows=len(rows),
        people=people,
        stated=float(predicted[rows].mean()),
        happened=float(actual[rows].mean()),
        gap=gap,
        low=gap - reach,
        high=gap + reach,
        chosen=float(top[rows].mean()),
        found=found,
        unequal=False,
    )
    return line, p
