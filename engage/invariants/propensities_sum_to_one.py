"""The propensities of each randomised decision sum to one, and hold the action that was drawn."""

from __future__ import annotations

from engage.app.app import App
from engage.features.engines.duckdb import calculate
from engage.invariants.invariant import Invariant
from engage.store import Tx, decisions

_SQL = """
WITH told AS (
    SELECT decision_id, arm, action, propensity,
        CAST(CAST(propensities AS JSON) AS MAP(VARCHAR, DOUBLE)) AS chances,
        coalesce(list_sum(map_values(chances)), 0) AS total
    FROM decided
)
SELECT decision_id || ' has propensities that sum to ' || total AS wrong
FROM told WHERE abs(total - 1) > 1e-9
UNION ALL
SELECT decision_id || ' was drawn with ' || propensity || ', and its action has '
    || coalesce(CAST(chances[action] AS VARCHAR), 'no propensity')
FROM told WHERE arm <> 'held_out' AND coalesce(abs(propensity - chances[action]) > 1e-9, true)
"""
"""The held out were not drawn for: theirs are those that they would have been drawn with."""


def _breaches(_: App, tx: Tx) -> list[str]:
    columns = ["decision_id", "arm", "action", "propensity", "propensities"]
    decided = decisions.read(tx, source="engage", columns=columns)
    return list(calculate(_SQL, decided=decided)["wrong"].to_pylist())


INVARIANT = Invariant(
    sentence="Each qualified decision has propensities that sum to one.", find=_breaches
)
