"""Something agreed with a customer for a certain time."""

from __future__ import annotations

from engage.domain.relations import Column, Kind, Relation, known_at, person_id

APPOINTMENTS = Relation(
    "appointments",
    ("appointment_id",),
    "a meeting or call agreed with a customer",
    (
        Column("appointment_id", Kind.ID, "the appointment", required=True),
        person_id(),
        Column("starts_at", Kind.TIME, "when it begins", required=True),
        known_at(),
        Column("kind", Kind.TEXT, "what it is for"),
        Column(
            "state",
            Kind.TEXT,
            "booked, cancelled, kept, missed",
            choices=("booked", "cancelled", "kept", "missed"),
        ),
    ),
    time="starts_at",
    partition="month",
)
