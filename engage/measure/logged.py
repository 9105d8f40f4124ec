"""What a campaign of the past changed, from the chances its actions were drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engage.domain.actions import NONE
from engage.domain.effects import Estimate
from engage.errors import DefinitionError
from engage.features.engines.duckdb import DuckEngine
from engage.features.schema import TIME
from engage.measure.attribution import moment
from engage.measure.effect import difference
from engage.measure.judge import clean

Floats = npt.NDArray[np.float64]

LEAST_EFFECTIVE = 0.05
"""Below this share of effective people a handful with tiny chances decide everything."""

_FIRST = """
SELECT d.decision_id, d.person_id, d.action, d.propensity,
    CAST(count(o.outcome_id) > 0 AS DOUBLE) AS reached,
    CAST(coalesce(sum(o.value_minor), 0) AS DOUBLE) AS worth
FROM (
    SELECT *, row_number() OVER (PARTITION BY person_id ORDER BY decided_at, decision_id) AS place
    FROM decisions, asked
    WHERE trigger = asked.campaign AND person_id NOT IN (SELECT person_id FROM identities)
) AS d
LEFT JOIN outcomes AS o
    ON o.person_id = d.person_id AND o.goal = d.goal
    AND o.ts > d.decided_at AND o.ts <= d.decided_at + d.horizon AND o.known_at <= d.now
WHERE d.place = 1 AND d.decided_at + d.horizon <= d.now
GROUP BY ALL ORDER BY d.decision_id
"""


def effects(
    actions: npt.ArrayLike,
    propensities: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    estimand: str,
    control: str = NONE,
) -> dict[str, Estimate]:
    """Return the effect of each action against `control` (nothing), per person it could be given.

    Inverse-propensity weights, normalised within each action (Hajek 1971); with the same chance for
    everybody this is the difference in means. An estimate that rests on less than 5 % effective
    people is withheld. Raises DefinitionError when a chance is not in (0, 1], or nobody was left
    alone.
    """
    taken = np.asarray(actions, dtype=np.str_)
    chance = np.asarray(propensities, np.float64)
    outcome = np.asarray(values, np.float64)
    if not ((chance > 0) & (chance <= 1)).all():
        raise DefinitionError(
            "the chance of an action must be above 0 and at most 1: what could not happen cannot "
            "be compared; import the propensity each action was drawn with"
        )
    if not (taken == control).any():
        raise DefinitionError(f"nobody had the action {control!r}, so there is nothing to compare")
    return {
        str(action): _effect(taken, chance, outcome, str(action), control, estimand)
        for action in np.unique(taken)
        if action != control
    }


def _effect(
    taken: npt.NDArray[np.str_],
    chance: Floats,
    values: Floats,
    action: str,
    control: str,
    estimand: str,
) -> Estimate:
    used = (taken == action) | (taken == control)
    weights, treated = 1 / chance[used], taken[used] == action
    # Equal chances within each arm change nothing, and then rates keep the interval of rates.
    equal = all(np.ptp(chance[taken == one]) == 0 for one in (action, control))
    found = difference(values[used], treated, estimand=estimand, weights=None if equal else weights)
    share = min(_effective(weights[arm]) for arm in (treated, ~treated))
    if share < LEAST_EFFECTIVE and not found.withheld:
        why = f"only {100 * share:.1f} % of the people carry it; explore the action more evenly"
        return replace(found, withheld=why)
    return found


def _effective(weights: Floats) -> float:
    """Return effective people (Kish) as a share of the people."""
    return float(weights.sum() ** 2 / (weights**2).sum() / len(weights))


def campaign(
    engine: DuckEngine,
    name: str,
    goals: Sequence[str],
    *,
    horizon: timedelta,
    now: datetime,
    control: str = NONE,
) -> list[dict[str, Any]]:
    """Return what each action of a logged campaign changed in each goal, for the report.

    One entry per action and goal, {action, goal, unit, effect}: `share` is of the people who
    reached the goal within the horizon; where outcomes have a worth also `minor`, its mean in minor
    units. Each person counts once, from their first decision, and only when their horizon has
    passed.
    """
    found = []
    for goal in goals:
        rows = engine.table(_FIRST, asked=_asked(name, goal, horizon, now))
        found += _of_goal(rows, goal, "share", "reached", control)
        if rows.num_rows and np.any(rows["worth"].to_numpy() != 0):
            found += _of_goal(rows, goal, "minor", "worth", control)
    return found


def _asked(name: str, goal: str, horizon: timedelta, now: datetime) -> pa.Table:
    return pa.table(
        {
            "campaign": pa.array([name], pa.string()),
            "goal": pa.array([goal], pa.string()),
            "horizon": pa.array([horizon], pa.duration("us")),
            "now": pa.array([moment(now).as_py()], TIME),
        }
    )


def _of_goal(
    rows: pa.Table, goal: str, unit: str, column: str, control: str
) -> list[dict[str, Any]]:
    if not rows.num_rows:
        return []
    by_action = effects(
        np.array(rows["action"].to_pylist()),
        rows["propensity"].to_numpy(),
        rows[column].to_numpy(),
        estimand=f"{goal}, {unit}, against {control}",
        control=control,
    )
    return [
        {"action": action, "goal": goal, "unit": unit, "effect": clean(estimate)}
        for action, estimate in by_action.items()
    ]
