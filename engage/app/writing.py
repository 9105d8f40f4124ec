"""What a message says and where it goes, settled in the transaction that decides it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from engage.app.app import App
from engage.channels.templates import compose, render
from engage.domain.actions import ChannelName
from engage.store import Tx, ledger, people, slots

_REACHES = {ChannelName.SMS: "phone", ChannelName.CALLBACK: "phone"}
_CALL = "{{ company }} is calling about {{ purpose }}."


def written(app: App, tx: Tx, messages: pa.Table) -> pa.Table:
    """Return the messages with `destination` and `body`; offers on a page have neither."""
    rows = messages.to_pylist()
    met = _met_before(tx, [row["person_id"] for row in rows])
    places = [_destination(tx, row) for row in rows]
    texts = [_body(app, tx, row, first=row["person_id"] not in met) for row in rows]
    kept = messages.drop_columns([c for c in ("body", "destination") if c in messages.column_names])
    return kept.append_column("destination", pa.array(places, pa.string())).append_column(
        "body", pa.array(texts, pa.string())
    )


def _met_before(tx: Tx, ids: list[str]) -> set[str]:
    return set(ledger.contacts(tx, sorted(set(ids)))["person_id"].to_pylist())


def _destination(tx: Tx, row: Mapping[str, Any]) -> str:
    kind = _REACHES.get(row["channel"])
    return (people.destination(tx, row["person_id"], kind) if kind else None) or ""


def _body(app: App, tx: Tx, row: Mapping[str, Any], *, first: bool) -> str:
    settings = app.settings.channels.sms
    if row["channel"] not in _REACHES:
        return ""
    details = json.loads(row["details"])
    values = {
        "company": settings.company,
        "purpose": settings.purposes.get(details["trigger"], "your matter with us"),
        "slot": _moment(app, tx, row, details),
    }
    if row["channel"] == ChannelName.CALLBACK:
        return render(_CALL, values)
    return compose(
        settings.bodies[row["action"]], values, reference=row["reference"], first=first
    ).text


def _moment(app: App, tx: Tx, row: Mapping[str, Any], details: Mapping[str, str]) -> str:
    """Return the agreed time in words, in the project's civil time."""
    first = details.get("slot_ids", "").split(",")[0]
    slot = slots.get(tx, first) if first else None
    return _in_words(slot["starts_at"] if slot else row["due_at"], app.zone)


def _in_words(moment: datetime, zone: ZoneInfo) -> str:
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return f"{aware.astimezone(zone):%A %d %B, %H:%M}"
