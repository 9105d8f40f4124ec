"""Which rows a model may be trained on: labelled, ripe, in one order, and enough of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.domain.scores import Objective
from engage.errors import DefinitionError, NotTrainable
from engage.scoring.columns import Encoder, Matrix, learn_categories
from engage.scoring.definition import Model
from engage.scoring.splits import Rows
from engage.scoring.visits import visits, weights

Floats = NDArray[np.float64]
Moments = NDArray[np.datetime64]

FEWEST_PEOPLE = 10


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """What a model is trained on: one row per subject and moment, and what came of it.

    `frame` holds subject_id, person_id, as_of (UTC, without zone) and the features. `label` has one
    number per row: 0 or 1 for a probability, minor units for an amount, NaN where it is not known.
    """

    frame: pa.Table
    label: Floats
    minutes: Floats | None = None
    """Where the subjects are visits: how long each had been going on at its moment."""
    left: Moments | None = None
    """When each row's person left (UTC, NaT: not seen to leave); for a model with a contract."""


@dataclass(frozen=True, slots=True)
class Told:
    """Every row there is, ripe or not, for what is learned of a contract before its label is ripe.

    In order of (as_of, subject_id), encoded as `Prepared.matrix`.
    """

    matrix: Matrix
    as_of: Moments
    left: Moments
    label: Floats
    person: Rows
    """Positions in `Prepared.persons`; -1 for people of whom no row is ripe."""
    now: np.datetime64


@dataclass(frozen=True, slots=True)
class Prepared:
    """The rows to train on, in order of (as_of, subject_id), with everything encoded."""

    rows: Rows
    """Positions in the training set."""
    matrix: Matrix
    label: Floats
    as_of: NDArray[np.datetime64]
    persons: list[str]
    person: Rows
    """For each row, the position of its person in `persons`."""
    visit: Rows
    """For each row, a number that rows of one subject share."""
    stands: NDArray[np.bool_]
    """Which rows are counted: one moment of each visit, every row of other subjects."""
    weight: Floats
    """What each row weighs where it is learned from."""
    categories: dict[str, list[str]]
    counts: dict[str, int]
    """Rows left out by reason, and infinite values that were taken as missing."""
    unused: tuple[str, ...]
    """Features that hold one value only and so cannot tell subjects apart."""
    told: Told | None = None
    """For a model with a contract."""


def prepare(model: Model, data: TrainingSet, now: datetime, stands: NDArray[np.bool_]) -> Prepared:
    """Return the rows that can be trained on; raises NotTrainable when they are too few.

    A label is ripe when its horizon had passed by `now`. Rows that are not, and then those without a
    label, are left out and counted, never taken as a "no". `stands` says which rows of the training
    set are counted (`visits.standing`).
    """
    label = np.asarray(data.label, dtype=np.float64)
    if len(label) != data.frame.num_rows:
        raise DefinitionError(
            f"model {model.name}: {len(label)} labels for {data.frame.num_rows} rows; "
            f"the label query must return one row per subject"
        )
    as_of = _moments(data.frame)
    known = np.isfinite(label)
    ripe = as_of + np.timedelta64(model.horizon) <= _naive(now)
    rows = _in_order(model, data.frame, np.flatnonzero(known & ripe))
    label = label[rows]
    _check_values(model, label)
    unknown, immature = int((stands & ripe & ~known).sum()), int((stands & ~ripe).sum())
    _check_enough(model, label[stands[rows]], unknown, immature)
    frame = data.frame.take(pa.array(rows))
    categories = learn_categories(frame, model.features)
    encoded = Encoder(model.features, categories, model=model.name).encode(frame)
    visit = visits(frame)
    persons, person = _people(model, frame, visit)
    return Prepared(
        rows=rows,
        matrix=encoded.matrix,
        label=label,
        as_of=as_of[rows],
        persons=persons,
        person=person,
        visit=visit,
        stands=stands[rows],
        weight=weights(model, data.frame)[rows],
        categories=categories,
        counts={"unknown": unknown, "immature": immature, "infinite": encoded.infinite},
        unused=_unused(model, encoded.matrix),
        told=None if model.contract is None else _told(model, data, categories, persons, now),
    )


def _told(
    model: Model,
    data: TrainingSet,
    categories: dict[str, list[str]],
    persons: list[str],
    now: datetime,
) -> Told:
    if data.left is None or len(data.left) != data.frame.num_rows:
        raise DefinitionError(
            f"model {model.name}: its contract needs to know of each row when the person left; "
            f"give a column left_at, empty for who stays"
        )
    until = _naive(now)
    seen = np.flatnonzero(_moments(data.frame) < until)
    rows = _in_order(model, data.frame, seen)
    frame = data.frame.take(pa.array(rows))
    place = pc.index_in(frame["person_id"].cast(pa.string()), pa.array(persons, pa.string()))
    return Told(
        Encoder(model.features, categories, model=model.name).encode(frame).matrix,
        _moments(frame),
        data.left[rows].astype("datetime64[us]"),
        np.asarray(data.label, dtype=np.float64)[rows],
        np.asarray(pc.fill_null(place, -1).to_numpy(), dtype=np.int64),
        until,
    )


def _moments(frame: pa.Table) -> NDArray[np.datetime64]:
    column = frame.column("as_of").cast(pa.timestamp("us"))
    moments: NDArray[np.datetime64] = column.to_numpy()
    return moments


def _naive(now: datetime) -> np.datetime64:
    return np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "us")


def _in_order(model: Model, frame: pa.Table, rows: Rows) -> Rows:
    """Return the rows by (as_of, subject_id): no result may depend on the order they came in."""
    keys = frame.select(["as_of", "subject_id"]).take(pa.array(rows))
    order = keys.append_column("row", pa.array(rows)).sort_by(
        [("as_of", "ascending"), ("subject_id", "ascending")]
    )
    if keys.group_by(["as_of", "subject_id"]).aggregate([]).num_rows != len(rows):
        raise DefinitionError(
            f"model {model.name}: a subject stands twice in the training set for the same moment; "
            f"make the query of `subjects` return each (subject_id, as_of) once"
        )
    return np.asarray(order.column("row").to_numpy(), dtype=np.int64)


def _check_values(model: Model, label: Floats) -> None:
    if model.objective is Objective.PROBABILITY and not np.isin(label, (0.0, 1.0)).all():
        wrong = label[~np.isin(label, (0.0, 1.0))][0]
        raise DefinitionError(
            f"model {model.name}: the label query returned {wrong:g}, but a probability is learned "
            f"from 0, 1 and NULL; change the query, or set objective=Objective.AMOUNT"
        )


def _check_enough(model: Model, label: Floats, unknown: int, immature: int) -> None:
    """Raise NotTrainable when there are too few rows or too few of the rarer outcome."""
    gates = model.gates
    waiting = f" ({immature} more wait for their horizon to pass, {unknown} have no label)"
    if len(label) < gates.min_rows:
        raise NotTrainable(
            f"model {model.name}: {len(label)} labelled rows, {gates.min_rows} are needed{waiting}"
        )
    rarer = rarer_class(model, label)
    if rarer < max(gates.min_positives, 1):
        kind = "of the rarer outcome" if model.objective is Objective.PROBABILITY else "not zero"
        raise NotTrainable(
            f"model {model.name}: {rarer} of {len(label)} labelled rows are {kind}, "
            f"{max(gates.min_positives, 1)} are needed{waiting}"
        )


def rarer_class(model: Model, label: Floats) -> int:
    """Return how many rows hold the rarer outcome, or an amount other than zero."""
    other = int((label != 0).sum())
    if model.objective is Objective.PROBABILITY:
        return min(other, len(label) - other)
    return other


def _people(model: Model, frame: pa.Table, visit: Rows) -> tuple[list[str], Rows]:
    """Return the people, and whose each row is: a visit is throughout of whom it was last known of."""
    encoded = frame.column("person_id").cast(pa.string()).combine_chunks().dictionary_encode()
    persons = encoded.dictionary.to_pylist()
    if len(persons) < FEWEST_PEOPLE:
        raise NotTrainable(
            f"model {model.name}: the labelled rows are of {len(persons)} people, "
            f"{FEWEST_PEOPLE} are needed to judge a model on people it has not seen"
        )
    person = np.asarray(encoded.indices.to_numpy(), dtype=np.int64)
    last = np.zeros(visit.max() + 1, dtype=np.int64)
    last[visit] = np.arange(len(visit))
    return persons, person[last[visit]]


def _unused(model: Model, matrix: Matrix) -> tuple[str, ...]:
    constant = [_is_constant(matrix[:, one]) for one in range(matrix.shape[1])]
    if all(constant):
        raise NotTrainable(
            f"model {model.name}: all {len(constant)} features hold the same value in each of "
            f"{len(matrix)} rows; check the query against the imported history"
        )
    return tuple(name for name, one in zip(model.feature_names, constant, strict=True) if one)


def _is_constant(column: Floats) -> bool:
    missing = np.isnan(column)
    if missing.any():
        return bool(missing.all())
    return bool((column == column[0]).all())
