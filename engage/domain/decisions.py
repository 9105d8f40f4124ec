"""A decision: at most one action for one person, with everything that led to it."""

from __future__ import annotations

from engage.domain.relations import Column, Kind, Relation, known_at, person_id

DECISIONS = Relation(
    "decisions",
    ("decision_id",),
    "ours: what was decided for a person; barred from value models",
    (
        Column("decision_id", Kind.ID, "the decision", required=True),
        person_id(),
        Column("trigger", Kind.TEXT, "which trigger or campaign", required=True),
        Column("decided_at", Kind.TIME, "when", required=True),
        known_at(),
        Column("arm", Kind.TEXT, "treated or held_out", choices=("treated", "held_out")),
        Column("action", Kind.TEXT, "what was chosen; none is an action", required=True),
        Column("propensity", Kind.REAL, "the chance this action had of being chosen"),
    ),
    time="decided_at",
    partition="month",
)
