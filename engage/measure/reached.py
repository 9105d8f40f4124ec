"""Whether each person reached the goal within the horizon, counted from their qualification."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engage.features.engines.duckdb import DuckEngine
from engage.measure.attribution import moment

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_REACHED = """
SELECT u.place, CAST(count(o.outcome_id) > 0 AS DOUBLE) AS reached
FROM units AS u
LEFT JOIN outcomes AS o
    ON o.person_id = u.person_id AND o.goal = u.goal
    AND o.ts > u.qualified_at AND o.ts <= u.until AND o.known_at <= u.now
GROUP BY u.place ORDER BY u.place
"""


def placed(units: pa.Table, now: datetime) -> pa.Table:
    """Return units with their `place` in the table and the moment they are looked at from."""
    n = units.num_rows
    return units.append_column("place", pa.array(range(n), pa.int64())).append_column(
        "now", pa.array([moment(now).as_py()] * n, moment(now).type)
    )


def goal_reached(
    engine: DuckEngine, units: pa.Table, goals: Mapping[str, str], now: datetime
) -> Floats:
    """Return 1 for each unit that reached the goal of its trigger by its `until`, else 0.

    Only outcomes known by `now` count; which units are ripe, `ripe` says.
    """
    named = [goals.get(trigger, "") for trigger in units["trigger"].to_pylist()]
    asked = placed(units, now).append_column("goal", pa.array(named, pa.string()))
    found = engine.table(_REACHED, units=asked)
    return np.asarray(found["reached"].to_numpy(), np.float64)


def ripe(units: pa.Table, now: datetime) -> Mask:
    """Return which units' horizon has passed; the others are counted and not used."""
    until = units["until"].to_numpy()
    by = np.datetime64(moment(now).as_py(), "us")
    return np.asarray(until <= by, np.bool_)
