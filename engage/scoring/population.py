"""How the people a model scores were made up when it was trained, kept small enough to go with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.features.definition import Feature
from engage.scoring.columns import plain_words

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Moments = NDArray[np.datetime64]

BINS = 10
MOST_WORDS = 20
"""Rarer words share a bin with those never seen."""
SCORE = "score"
"""The name under which the score itself is watched; no feature of a frame is called so."""
_WEEK = np.timedelta64(7, "D")


@dataclass(frozen=True, slots=True)
class Population:
    """How often each range or word of one column occurred, and how alike a person's rows are.

    `cuts` are upper bounds of ranges, or words; after them come one bin for what is beyond the
    last bound or is no word of the list, and one for what is missing.
    """

    name: str
    kind: str
    """number or words."""
    cuts: tuple[Any, ...]
    counts: tuple[int, ...]
    clumping: float
    """Variance of the shares over that of as many independent rows (design effect, Kish 1965)."""
    usual: float | str | None
    """The value that occurred most; None where that is missing."""
    unusual: float
    """The share of rows that held another value, and held one."""

    def bins(self, column: pa.ChunkedArray | Floats) -> Whole:
        """Return the bin of each row."""
        last = len(self.cuts) + 1
        if self.kind == "words":
            words = plain_words(column)
            found = pc.index_in(words, value_set=pa.array(self.cuts, pa.string()))
            place = found.fill_null(last - 1).to_numpy().astype(np.int64)
            return np.where(_flags(words.is_null()), last, place)
        values = as_numbers(column)
        place = np.searchsorted(np.array(self.cuts, dtype=np.float64), values, side="left")
        return np.where(np.isnan(values), last, place).astype(np.int64)

    def telling(self, column: pa.ChunkedArray | Floats) -> NDArray[np.bool_]:
        """Return which rows hold something else than nothing and the usual value."""
        if self.kind == "words":
            words = plain_words(column)
            other = _flags(words.is_valid())
            if self.usual is not None:
                other &= _flags(pc.fill_null(pc.not_equal(words, self.usual), False))
            return other
        values = as_numbers(column)
        usual = np.nan if self.usual is None else float(self.usual)
        return np.asarray(~np.isnan(values) & (values != usual), dtype=bool)


def _flags(column: pa.Array) -> NDArray[np.bool_]:
    return np.array(column.to_numpy(zero_copy_only=False), dtype=bool)


def as_numbers(column: pa.ChunkedArray | Floats) -> Floats:
    """Return a column as numbers; what is missing or infinite is NaN."""
    if isinstance(column, np.ndarray):
        values = np.array(column, dtype=np.float64)
    else:
        floats = column.cast(pa.float64(), safe=False)
        values = np.array(floats.to_numpy(zero_copy_only=False), dtype=np.float64)
    values[np.isinf(values)] = np.nan
    return values


def learn(feature: Feature, column: pa.ChunkedArray | Floats, person: Whole) -> Population:
    """Return how this column is made up; `person` says whose each row is."""
    kind = "words" if feature.type == "category" else "number"
    cuts, usual = _words(column) if kind == "words" else _ranges(as_numbers(column))
    bare = Population(feature.name, kind, cuts, (), 1.0, usual, 0.0)
    bins = bare.bins(column)
    counts = np.bincount(bins, minlength=len(cuts) + 2)
    telling = bare.telling(column)
    unusual = float(telling.mean()) if len(telling) else 0.0
    clumping = _clumping(bins, counts, person)
    return Population(
        feature.name, kind, cuts, tuple(counts.tolist()), clumping, usual, round(unusual, 6)
    )


def _words(column: pa.ChunkedArray) -> tuple[tuple[Any, ...], float | str | None]:
    counted = pc.value_counts(plain_words(column).drop_null()).to_pylist()
    by_frequency = sorted(counted, key=lambda one: (-one["counts"], one["values"]))
    words = [one["values"] for one in by_frequency[:MOST_WORDS]]
    return tuple(sorted(words)), (words[0] if words else None)


def _ranges(values: Floats) -> tuple[tuple[Any, ...], float | str | None]:
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return (), None
    # Quantiles that occur: a value that half the rows share gets a bin of its own.
    places = np.ceil(np.arange(1, BINS + 1) / BINS * len(known)).astype(np.int64) - 1
    distinct, count = np.unique(known, return_counts=True)
    return tuple(np.unique(known[places]).tolist()), float(distinct[count.argmax()])


def clusters(bins: Whole, number: int, person: Whole) -> Floats:
    """Return, for each person, how far its bins are from the shares of all, in rows.

    The rows of `sum(r r') / n^2` are the covariance of the shares (linearised ratio estimate).
    """
    _, who = np.unique(person, return_inverse=True)
    people = int(who.max()) + 1 if len(who) else 0
    count = np.bincount(who * number + bins, minlength=people * number).astype(np.float64)
    count = count.reshape(people, number)
    rows = count.sum(axis=1, keepdims=True)
    residual: Floats = count - rows * (count.sum(axis=0) / max(len(bins), 1))
    return residual


def _clumping(bins: Whole, counts: Whole, person: Whole) -> float:
    """Return the mean design effect over the bins (Rao and Scott 1984), at least 1."""
    share = counts / max(len(bins), 1)
    used = share > 0
    if used.sum() < 2:
        return 1.0
    residual = clusters(bins, len(counts), person)
    if len(residual) < 2:
        return float(len(bins))
    spread = (residual**2).sum(axis=0)[used] / share[used] * len(residual) / (len(residual) - 1)
    return round(max(1.0, float(spread.sum() / len(bins) / (used.sum() - 1))), 4)


def reference(
    features: Sequence[Feature],
    frame: pa.Table,
    scores: Floats,
    scored: NDArray[np.bool_],
    *,
    newest_only: bool = False,
) -> dict[str, Any]:
    """Return the part of an artifact's body that later rows are compared with.

    `frame` holds every training moment, with a label or not, `scores` one number per row, and
    `scored` says which of them count: those of rows the trees did not learn from. Only whole weeks
    count, so that every weekday has its share. `newest_only`: only each person's last row, for
    models that score everybody at once.
    """
    as_of: Moments = frame["as_of"].cast(pa.timestamp("us")).to_numpy()
    person = person_codes(frame)
    kept = newest_of_each(as_of, person) if newest_only else _whole_weeks(as_of)
    part, person = frame.take(pa.array(np.flatnonzero(kept))), person[kept]
    columns = [learn(one, part.column(one.name), person) for one in features]
    judged = scored[kept]
    score = Feature(SCORE, "number", "")
    columns.append(learn(score, scores[kept][judged], person[judged]))
    return {
        "rows": part.num_rows,
        "people": len(np.unique(person)),
        "columns": {one.name: _stored(one) for one in columns},
    }


def stored(body: Mapping[str, Any]) -> dict[str, Population]:
    """Return the populations of an artifact's body, by column; empty where it has none."""
    columns = (body.get("reference") or {}).get("columns", {})
    return {
        name: Population(
            name, **{**one, "cuts": tuple(one["cuts"]), "counts": tuple(one["counts"])}
        )
        for name, one in columns.items()
    }


def _stored(one: Population) -> dict[str, Any]:
    written = asdict(one)
    del written["name"]
    return written | {"cuts": list(one.cuts), "counts": list(one.counts)}


def person_codes(frame: pa.Table) -> Whole:
    """Return a number for each row that is the same for rows of one person."""
    coded = frame["person_id"].cast(pa.string()).combine_chunks().dictionary_encode()
    return np.asarray(coded.indices.to_numpy(), dtype=np.int64)


def _whole_weeks(as_of: Moments) -> NDArray[np.bool_]:
    """Return which rows lie within whole weeks counted back from the newest; all when less."""
    if not len(as_of):
        return np.ones(0, dtype=bool)
    newest = as_of.max()
    weeks = (newest - as_of.min()) // _WEEK
    return as_of > newest - weeks * _WEEK if weeks else np.ones(len(as_of), dtype=bool)


def newest_of_each(as_of: Moments, person: Whole) -> NDArray[np.bool_]:
    """Return which rows are the last of their person."""
    order = np.lexsort((as_of, person))
    last = np.append(np.diff(person[order]) != 0, True)[: len(order)]
    kept = np.zeros(len(as_of), dtype=bool)
    kept[order[last]] = True
    return kept
