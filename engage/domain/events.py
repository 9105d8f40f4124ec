"""What people do on the page or in the app."""

from __future__ import annotations

from engage.domain.relations import Column, Kind, Relation, known_at, person_id

EVENTS = Relation(
    "events",
    ("event_id",),
    "something a visitor did on a page or in the app",
    (
        Column("event_id", Kind.ID, "the event", required=True),
        person_id(),
        Column("session_id", Kind.ID, "the visit it belongs to"),
        Column("ts", Kind.TIME, "when it happened", required=True),
        known_at(),
        Column(
            "type",
            Kind.TEXT,
            "page, track, form, error, click, identify, ...",
            required=True,
        ),
        Column("name", Kind.TEXT, "what was done, for example calculator_used"),
        Column("page", Kind.TEXT, "path of the page"),
        Column("referrer", Kind.TEXT, "where the visitor came from"),
        Column("properties", Kind.JSON, "everything else the page sent"),
        Column("country", Kind.TEXT, "ISO 3166 code the page reported"),
        Column("zone", Kind.TEXT, "IANA time zone the browser reported"),
    ),
    time="ts",
)
