"""What each customer is worth by the company's own reckoning, every statement of it."""

from __future__ import annotations

from engage.domain.relations import Column, Kind, Relation, known_at, person_id

VALUES = Relation(
    "values",
    ("person_id", "valid_from", "known_at"),
    "what a customer is worth by the company's own reckoning; every statement is kept",
    (
        person_id(),
        Column("valid_from", Kind.TIME, "the date of the valuation", required=True),
        known_at(),
        Column("value_minor", Kind.MONEY, "what they are worth, in minor units", required=True),
        Column("currency", Kind.TEXT, "ISO 4217 code; the project's where it is not said"),
        Column("source", Kind.TEXT, "who says so, or by which method"),
    ),
    time="valid_from",
    partition="month",
)
