"""People and what they do, written down by hand: for tests of your own triggers, models and jobs.

clock = MovingClock(datetime(2026, 3, 2, 10, tzinfo=UTC))
project = open_project(folder, clock=clock)
cast = Cast(project.app)
anna = cast.person("anna")
page = cast.event(anna, "form", "form_started", "/card/form")
cast.tell()
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from engage.app import intake
from engage.app.app import App
from engage.domain.catalog import QUERYABLE
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.ids import Prefix, derive
from engage.features.schema import TIME, arrow_schema

_POINTS = pa.schema(
    {"person_id": pa.string(), "kind": pa.string(), "value": pa.string(), "known_at": TIME}
)
_CONSENTS = pa.schema(
    {
        "person_id": pa.string(),
        "purpose": pa.string(),
        "granted": pa.bool_(),
        "at": TIME,
        "source": pa.string(),
    }
)
_LONG_KNOWN = timedelta(days=200)


class Cast:
    """A few people whose every step is written down; `tell` lets the application know of them."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._rows: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        self._count = 0

    def person(
        self,
        name: str,
        *,
        agreed: tuple[str, ...] = ("call", "sms"),
        phone: str = "",
        **attributes: Any,
    ) -> str:
        """Write down a customer, known for 200 days, in Berlin unless said otherwise; return the id.

        `agreed`: the purposes they said yes to; `phone`: E.164, an invented one by default.
        """
        person_id, since = derive(Prefix.PERSON, name), self._at(_LONG_KNOWN)
        known = {"country": "DE", "zone": "Europe/Berlin", "language": "de"} | attributes
        self._row(
            "people",
            person_id=person_id,
            valid_from=since,
            known_at=since,
            attributes=json.dumps(known),
        )
        self._count += 1
        number = phone or f"+4915555{self._count:06}"
        self._row("contact_points", person_id=person_id, kind="phone", value=number, known_at=since)
        said = {"granted": True, "at": self._at(timedelta(days=30)), "source": "test"}
        for purpose in agreed:
            self._row("consents", person_id=person_id, purpose=purpose, **said)
        return person_id

    def event(
        self,
        person_id: str,
        kind: str,
        name: str = "",
        page: str = "/",
        *,
        ago: timedelta = timedelta(),
        **properties: Any,
    ) -> str:
        """Write down what a visitor did this long ago; return the event's id."""
        ts = self._at(ago)
        event_id = self._id(Prefix.EVENT)
        self._row(
            "events",
            event_id=event_id,
            person_id=person_id,
            ts=ts,
            known_at=ts,
            type=kind,
            name=name,
            page=page,
            properties=json.dumps(properties),
            country="DE",
            zone="Europe/Berlin",
        )
        return event_id

    def contact(self, person_id: str, *, ago: timedelta = timedelta(), **columns: Any) -> str:
        """Write down a customer's call that ended this long ago; return the contact's id.

        `columns` are those of the relation `interactions`.
        """
        ended = self._at(ago)
        interaction_id = self._id(Prefix.INTERACTION)
        call = {
            "ts": ended - timedelta(minutes=5),
            "ended_at": ended,
            "known_at": ended,
            "channel": "call",
            "direction": "inbound",
            "initiated_by": "customer",
            "topic": "card",
            "queue": "service",
            "wait_s": 30.0,
            "abandoned": False,
            "resolved": "unknown",
        }
        self._row(
            "interactions", interaction_id=interaction_id, person_id=person_id, **call | columns
        )
        return interaction_id

    def appointment(self, person_id: str, *, ahead: timedelta, **columns: Any) -> str:
        """Write down an appointment that begins so long from now; return its id."""
        appointment_id = self._id(Prefix.APPOINTMENT)
        known = {"known_at": self._at(timedelta(days=1)), "kind": "advice", "state": "booked"}
        row = {"appointment_id": appointment_id, "starts_at": self._at(-ahead)} | known
        self._row("appointments", person_id=person_id, **row | columns)
        return appointment_id

    def exclude(self, person_id: str, reason: str, **columns: Any) -> None:
        """Write down that somebody must be left alone, from yesterday on."""
        since = self._at(timedelta(days=1))
        row = {"reason": reason, "valid_from": since, "known_at": since} | columns
        self._row(EXCLUSIONS.name, person_id=person_id, **row)

    def tell(self) -> dict[str, int]:
        """Let the application take in all that was written down; return how many rows were new."""
        known = {"contact_points": _POINTS, "consents": _CONSENTS}
        schemas = {**{n: arrow_schema(r) for n, r in QUERYABLE.items()}, **known}
        exclusions = {EXCLUSIONS.name: arrow_schema(EXCLUSIONS)}
        tables = {
            name: pa.Table.from_pylist(list(rows), schema=(schemas | exclusions)[name])
            for name, rows in self._rows.items()
        }
        self._rows.clear()
        return intake.take(self._app.store, tables, now=self._app.now())

    def _row(self, relation: str, **columns: Any) -> None:
        self._rows[relation].append(columns)

    def _id(self, prefix: Prefix) -> str:
        self._count += 1
        return derive(prefix, "cast", str(self._count), self._app.now().isoformat())

    def _at(self, ago: timedelta) -> datetime:
        """Return this long ago, as the columns hold it."""
        return (self._app.now() - ago).replace(tzinfo=None)
