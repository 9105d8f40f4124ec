"""Which arm that covers everything was in force at each decision, and until when it held."""

from __future__ import annotations

import pyarrow as pa

from engage.domain.assignments import span_of
from engage.features.engines.duckdb import calculate
from engage.features.schema import TIME

_IN_FORCE = """
SELECT d.decision_id, a.scope, a.arm, a.share, a.ends, a.long_term
FROM decided AS d JOIN arms AS a ON a.person_id = d.person_id
WHERE a.ends IS NULL OR (a.assigned_at <= d.decided_at AND d.decided_at < a.ends)
QUALIFY row_number() OVER (
    PARTITION BY d.decision_id, a.long_term ORDER BY a.ends IS NOT NULL, a.assigned_at, a.scope
) = 1
"""
"""One row for each decision and kind; of two turns that overlap, the one that was given first."""
_TOGETHER = """
SELECT d.decision_id,
    g.scope AS turn, g.ends AS turn_ends, g.share AS share_global,
    l.scope AS long_term, l.ends AS long_term_ends, l.arm AS arm_long_term,
    l.share AS share_long_term
FROM decided AS d
LEFT JOIN in_force AS g ON g.decision_id = d.decision_id AND NOT g.long_term
LEFT JOIN in_force AS l ON l.decision_id = d.decision_id AND l.long_term
ORDER BY d.decision_id
"""


def in_force(decided: pa.Table, assigned: pa.Table) -> pa.Table:
    """Return the arms of each decision's person at its moment, by decision_id.

    `decided`: decision_id, person_id, decided_at; `assigned`: the stored arms. Columns: turn (the scope:
    `global` where the arm never ends), turn_ends, share_global; long_term (the scope), long_term_ends,
    arm_long_term, share_long_term. Null where the person has none, or the arm had ended.
    """
    arms = _covering(assigned)
    asked = decided.select(["decision_id", "person_id", "decided_at"])
    found = calculate(_IN_FORCE, decided=asked, arms=arms)
    return calculate(_TOGETHER, decided=asked, in_force=found)


def _covering(assigned: pa.Table) -> pa.Table:
    """Return the arms that cover every trigger, with what their scope's name says."""
    spans = {one: span_of(one) for one in assigned["scope"].unique().to_pylist()}
    covers = pa.table(
        {
            "scope": pa.array(spans, pa.string()),
            "ends": pa.array([one and one.ends for one in spans.values()], pa.date32()).cast(TIME),
            "long_term": pa.array([bool(one and one.long_term) for one in spans.values()]),
        }
    )
    return calculate(
        "SELECT a.person_id, a.scope, a.arm, a.share, a.assigned_at, c.ends, c.long_term "
        "FROM assigned AS a JOIN covers AS c ON c.scope = a.scope "
        "WHERE c.ends IS NOT NULL OR a.scope = 'global' ORDER BY a.person_id, a.scope",
        assigned=assigned,
        covers=covers,
    )
