"""What people did becomes the goals they reached, each counted once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.domain.goals import RECOVERED, Goal
from engage.domain.ids import Prefix, derive_column
from engage.domain.outcomes import OUTCOMES
from engage.domain.relations import Kind, Relation
from engage.errors import DefinitionError
from engage.features.predicates import evaluate
from engage.features.schema import arrow_schema

SCHEMA = arrow_schema(OUTCOMES)


def reached(goals: Sequence[Goal], relation: Relation, rows: pa.Table) -> pa.Table:
    """Return the outcomes in these rows of a relation: one per goal and row for which it holds.

    `ts` and `known_at` are the row's own; the id is derived from the goal and the row's natural
    key, so that looking twice finds the same outcome. Goals of other relations, and `recovered`,
    which no single row can show, are passed over. Raises PredicateRefused when a condition is not
    allowed, DefinitionError when `value_column` is no column with numbers.
    """
    mine = _of(goals, relation)
    for goal in mine:
        _check_value(goal, relation)
    holds = evaluate({goal.name: goal.when for goal in mine}, rows)
    found = [_outcomes(goal, relation, rows, holds[goal.name]) for goal in mine]
    return pa.concat_tables([SCHEMA.empty_table(), *found])


def outcome_ids(goals: Sequence[Goal], relation: Relation, rows: pa.Table) -> list[str]:
    """Return the id of every outcome that could be in these rows, reached or not."""
    return [one for goal in _of(goals, relation) for one in _ids(goal, relation, rows)]


def _of(goals: Sequence[Goal], relation: Relation) -> list[Goal]:
    return [goal for goal in goals if goal.relation == relation.name and goal.name != RECOVERED]


def _ids(goal: Goal, relation: Relation, rows: pa.Table) -> list[str]:
    natural = [rows.column(name).cast(pa.string()).to_pylist() for name in relation.key]
    return list(derive_column(Prefix.OUTCOME, [goal.name] * rows.num_rows, *natural))


def _check_value(goal: Goal, relation: Relation) -> None:
    numbers = [
        column.name
        for column in relation.columns
        if column.kind in (Kind.MONEY, Kind.INTEGER, Kind.REAL)
    ]
    if goal.value_column and goal.value_column not in numbers:
        raise DefinitionError(
            f"goal {goal.name}: value_column {goal.value_column!r} holds no numbers in "
            f"{relation.name}; choose one of {numbers}, or set value_minor"
        )


def _outcomes(goal: Goal, relation: Relation, rows: pa.Table, holds: NDArray[np.bool_]) -> pa.Table:
    hits = rows.filter(pa.array(holds))
    columns = {
        "outcome_id": pa.array(_ids(goal, relation, hits), pa.string()),
        "person_id": hits["person_id"],
        "goal": pa.array([goal.name] * hits.num_rows, pa.string()),
        "ts": hits[relation.time],
        "known_at": hits["known_at"],
        "value_minor": _value(goal, hits),
    }
    return pa.table(columns).cast(SCHEMA)


def _value(goal: Goal, hits: pa.Table) -> pa.Array | pa.ChunkedArray:
    """Return what each is worth in minor units; `value_minor` where the column is empty."""
    if not goal.value_column:
        return pa.array([goal.value_minor] * hits.num_rows, pa.int64())
    worth = pc.round(hits[goal.value_column].cast(pa.float64())).cast(pa.int64())
    return pc.fill_null(worth, goal.value_minor)
