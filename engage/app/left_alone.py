"""With which chance each decision left its person alone: what labels of the left alone are made fair by."""

from __future__ import annotations

import pyarrow as pa

from engage.app.app import App
from engage.app.arms import in_force
from engage.decide.log_columns import columns
from engage.domain.actions import NONE
from engage.features.engines.duckdb import calculate
from engage.features.left_alone import CHANCES
from engage.store import assignments, decisions, triggers

_READ = (
    "decision_id",
    "person_id",
    "trigger",
    "decided_at",
    "action",
    "propensity",
    "propensities",
    "source",
)
_JOINED = """
SELECT d.person_id, d.trigger, d.decided_at,
    CASE WHEN d.source = 'engage' THEN d.none WHEN d.action = 'none' THEN d.propensity END AS chance,
    CASE WHEN d.source = 'engage' THEN
        coalesce(g.share_long_term, 0) + (1 - coalesce(g.share_long_term, 0))
            * coalesce(g.share_global, CASE WHEN g.arm_long_term = 'held_out' THEN {share} END)
    END AS share_global, coalesce(t.share, w.holdout) AS share_trigger
FROM decided AS d
LEFT JOIN watched AS w ON w.trigger = d.trigger AND d.source = 'engage'
LEFT JOIN covering AS g ON g.decision_id = d.decision_id
LEFT JOIN assigned AS t
    ON t.person_id = d.person_id AND t.scope = d.trigger AND d.source = 'engage'
ORDER BY d.decided_at, d.person_id, d.trigger
"""


def chances_alone(app: App) -> pa.Table:
    """Return, for every decision, the chance of none and the held-out shares (`CHANCES`).

    An imported decision counts by the propensity that came with it. Whoever is held out of everything
    has no arm under a trigger; there the share that it holds out stands in. Two draws that cover
    everything, the long-term group's and a turn's, make one chance.
    """
    with app.store.read() as tx:
        decided = decisions.read(tx, columns=_READ)
        assigned = assignments.read(tx)
        known = triggers.current(tx)
    watched = pa.table(
        {
            "trigger": pa.array([one.name for one in known], pa.string()),
            "holdout": pa.array([one.holdout for one in known], pa.float64()),
        }
    )
    none = columns(decided["propensities"], pa.schema([(NONE, pa.float64())]))[NONE]
    decided = decided.drop_columns(["propensities"]).append_column("none", none)
    covering = in_force(decided, assigned)
    query = _JOINED.format(share=app.settings.assignment.holdout_global)
    found = calculate(
        query, decided=decided, assigned=assigned, covering=covering, watched=watched
    ).cast(CHANCES)
    return found.filter(found["chance"].is_valid())
