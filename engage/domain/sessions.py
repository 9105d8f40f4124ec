"""A visit: a person's events without thirty silent minutes between them."""

from __future__ import annotations

from datetime import timedelta

from engage.domain.relations import Column, Kind, Relation, known_at, person_id

SILENCE = timedelta(minutes=30)
"""A visit ends after this long without an event."""

SESSIONS = Relation(
    "sessions",
    ("session_id",),
    "a visit to the page or app, ended by thirty silent minutes",
    (
        Column("session_id", Kind.ID, "the visit", required=True),
        person_id(),
        Column("started_at", Kind.TIME, "its first event", required=True),
        known_at(),
        Column("channel", Kind.TEXT, "web or app"),
        Column("campaign", Kind.TEXT, "the campaign that brought the visitor"),
        Column("device", Kind.TEXT, "desktop, mobile, tablet"),
    ),
    time="started_at",
)
