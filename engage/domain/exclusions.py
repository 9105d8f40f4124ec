"""People who must not be contacted or randomised, with the reason and its end."""

from __future__ import annotations

from enum import StrEnum

from engage.domain.relations import Column, Kind, Relation, known_at, person_id


class ExclusionReason(StrEnum):
    """Why somebody is on the list."""

    COMPLAINT = "complaint"
    FRAUD_BLOCK = "fraud_block"
    BEREAVEMENT = "bereavement"
    VULNERABILITY = "vulnerability"
    PAYMENT_DIFFICULTY = "payment_difficulty"
    LITIGATION = "litigation"
    MINOR = "minor"
    DECEASED = "deceased"
    STAFF = "staff"
    OPT_OUT = "opt_out"


EXCLUSIONS = Relation(
    "exclusions",
    ("person_id", "reason", "valid_from"),
    "somebody who must not be contacted or randomised",
    (
        person_id(),
        Column("reason", Kind.TEXT, "why", required=True, choices=tuple(ExclusionReason)),
        Column("source", Kind.TEXT, "who says so"),
        Column("valid_from", Kind.TIME, "from when", required=True),
        Column("valid_until", Kind.TIME, "until when; empty for ever"),
        known_at(),
        Column("must_serve", Kind.FLAG, "must be served and never held out"),
    ),
    time="valid_from",
    partition="month",
)
