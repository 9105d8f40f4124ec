"""What came of it: a goal that somebody reached, with its value."""

from __future__ import annotations

from engage.domain.relations import Column, Kind, Relation, known_at, person_id

OUTCOMES = Relation(
    "outcomes",
    ("outcome_id",),
    "a goal that a person reached",
    (
        Column("outcome_id", Kind.ID, "the outcome", required=True),
        person_id(),
        Column("goal", Kind.TEXT, "which goal", required=True),
        Column("ts", Kind.TIME, "when it was reached", required=True),
        known_at(),
        Column("value_minor", Kind.MONEY, "what it is worth, in minor units"),
    ),
    time="ts",
    partition="month",
)
