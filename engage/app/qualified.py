"""Who qualified for what, on which side, and what came to them: the rows that measuring begins with."""

from __future__ import annotations

import pyarrow as pa

from engage.app.app import App
from engage.app.arms import in_force
from engage.features.engines.duckdb import calculate
from engage.store import assignments, decisions, outbox

_JOINED = """
SELECT
    d.decision_id,
    d.person_id,
    d.trigger,
    d.subject_id,
    d.decided_at AS qualified_at,
    d.horizon_until AS until,
    d.arm_global,
    d.arm_trigger,
    d.arm,
    d.action,
    d.band,
    g.* EXCLUDE (decision_id),
    t.share AS share_trigger,
    coalesce(m.state IN ('sent', 'delivered'), false) AS contacted,
    CASE WHEN m.channel = 'chat_offer' THEN m.state IN ('sent', 'delivered') END AS seen,
    coalesce(m.note IN ('chat_now', 'call_now', 'slot'), false) AS accepted,
    CASE WHEN m.state IN ('sent', 'delivered') THEN coalesce(c.cost_minor, 0) ELSE 0 END
        AS cost_minor,
    CASE WHEN m.state IN ('sent', 'delivered') THEN coalesce(c.agent_minutes, 0.0) ELSE 0.0 END
        AS agent_minutes
FROM decided AS d
LEFT JOIN messages AS m ON m.decision_id = d.decision_id
LEFT JOIN covering AS g ON g.decision_id = d.decision_id
LEFT JOIN assigned AS t ON t.person_id = d.person_id AND t.scope = d.trigger
LEFT JOIN costs AS c ON c.action = m.action
ORDER BY d.decided_at, d.decision_id
"""


def qualified(app: App) -> pa.Table:
    """Return one row for each qualified decision of ours: see `measure.attribution`.

    Only a page can tell that an offer was seen; for texts and calls that is not known.
    """
    with app.store.read() as tx:
        decided = decisions.read(tx, source="engage")
        messages = outbox.read(tx)
        assigned = assignments.read(tx)
    costs = pa.table(
        {
            "action": pa.array(list(app.actions), pa.string()),
            "cost_minor": pa.array([a.cost_minor for a in app.actions.values()], pa.int64()),
            "agent_minutes": pa.array(
                [a.agent_minutes for a in app.actions.values()], pa.float64()
            ),
        }
    )
    covering = in_force(decided, assigned)
    return calculate(
        _JOINED,
        decided=decided,
        messages=messages,
        assigned=assigned,
        covering=covering,
        costs=costs,
    )
