"""Who works in which queue in which half hour, as the company's own roster says."""

from __future__ import annotations

from engage.domain.relations import Column, Kind, Relation, known_at

STAFFING = Relation(
    "staffing",
    ("queue", "starts_at", "known_at"),
    "how many agents work in a queue for a stretch of time; what was known last holds",
    (
        Column("queue", Kind.TEXT, "the queue, as settings.toml calls it", required=True),
        Column("starts_at", Kind.TIME, "from when they work", required=True),
        Column("ends_at", Kind.TIME, "until when, at most a week later", required=True),
        Column("agents", Kind.REAL, "how many; half a one is 0.5", required=True),
        Column(
            "again_at",
            Kind.TIME,
            "when the autumn clock showed starts_at a second time, where the file does not say "
            "which of the two it means; Engage works it out",
            derived=True,
        ),
        known_at(),
    ),
    time="starts_at",
    partition="month",
)
