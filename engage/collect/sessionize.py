"""Events become visits: a run of one person's events without thirty silent minutes between them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.collect.schema import TIME, arrow_schema
from engage.domain.events import EVENTS
from engage.domain.ids import Prefix, derive_column
from engage.domain.sessions import SESSIONS, SILENCE

SESSION_SCHEMA = arrow_schema(SESSIONS).append(pa.field("last_at", TIME))
"""A session's columns and when its last event was."""

_CHANNEL = "web"
_READ_FROM = {
    "channel": ("channel",),
    "campaign": ("campaign", "utm_campaign"),
    "device": ("device", "device_type"),
}
"""Where a visit's columns stand in the properties of its first event."""


def sessionize(
    events: pa.Table, silence: timedelta = SILENCE, *, owners: pa.Table | None = None
) -> tuple[pa.Table, pa.Table]:
    """Return the events with their session_id, and the sessions (with `last_at`).

    A function of the set of events: neither their order nor a repetition changes anything. The
    first `silence` without an event ends a visit. `owners` (person_id, canonical_id) lets the
    events before and after somebody logged in be one visit; each event keeps its own person, the
    visit is its first event's. The id derives from the first event, so a visit keeps it while it
    goes on. What a visit says of itself comes from its first event alone: it is all that can have
    been known by its `known_at`.

    events: schema of EVENTS; event_id, person_id and ts must be there. Both tables come back
    sorted by their ids.
    """
    once = _once(events)
    if once.num_rows == 0:
        return once, SESSION_SCHEMA.empty_table()
    ordered, owner = _ordered(once, owners)
    begins = _begins(owner, ordered["ts"], silence)
    first = ordered.filter(pa.array(begins))
    ids = pa.array(
        derive_column(Prefix.SESSION, first["person_id"].to_pylist(), first["event_id"].to_pylist())
    )
    visit = np.cumsum(begins) - 1
    place = ordered.schema.get_field_index("session_id")
    marked = ordered.set_column(place, "session_id", ids.take(pa.array(visit)))
    last = _last_of_each(ordered["ts"], begins)
    return marked.sort_by("event_id"), _sessions(first, ids, last).sort_by("session_id")


def _once(events: pa.Table) -> pa.Table:
    """Return each event once, whatever the order of those that share an id."""
    conformed = events.select(EVENTS.column_names).cast(arrow_schema(EVENTS))
    ids = conformed["event_id"].combine_chunks()
    if pc.count_distinct(ids).as_py() == len(ids):
        return conformed
    keys = [(name, "ascending") for name in EVENTS.column_names]
    ordered = conformed.take(pc.sort_indices(conformed, sort_keys=keys))
    sorted_ids = ordered["event_id"].combine_chunks()
    new = np.ones(len(sorted_ids), bool)
    new[1:] = pc.not_equal(sorted_ids[1:], sorted_ids[:-1]).to_numpy(zero_copy_only=False)
    return ordered.filter(pa.array(new))


def _ordered(events: pa.Table, owners: pa.Table | None) -> tuple[pa.Table, NDArray[np.int64]]:
    """Return the events by owner, time and id, with a number for each owner."""
    person = events["person_id"].combine_chunks()
    if owners is not None:
        found = pc.index_in(person, owners["person_id"].combine_chunks())
        canonical = owners["canonical_id"].combine_chunks().take(found)
        person = pc.coalesce(canonical, person)
    by = events.append_column("_owner", person)
    keys = [("_owner", "ascending"), ("ts", "ascending"), ("event_id", "ascending")]
    ordered = by.take(pc.sort_indices(by, sort_keys=keys))
    codes = ordered["_owner"].combine_chunks().dictionary_encode().indices
    return ordered.drop_columns("_owner"), codes.to_numpy().astype(np.int64)


def _begins(owner: NDArray[np.int64], ts: pa.ChunkedArray, silence: timedelta) -> NDArray[np.bool_]:
    micros = ts.cast(pa.int64()).to_numpy()
    begins = np.ones(len(micros), bool)
    gap = np.diff(micros) >= silence // timedelta(microseconds=1)
    begins[1:] = gap | (np.diff(owner) != 0)
    return begins


def _last_of_each(ts: pa.ChunkedArray, begins: NDArray[np.bool_]) -> pa.ChunkedArray:
    ends = np.append(begins[1:], True)
    return ts.filter(pa.array(ends))


def _sessions(first: pa.Table, ids: pa.Array, last: pa.ChunkedArray) -> pa.Table:
    said = [_object(text) for text in first["properties"].to_pylist()]
    columns = {
        name: pa.array([_word(one, keys) for one in said], pa.string())
        for name, keys in _READ_FROM.items()
    }
    columns["channel"] = pc.fill_null(columns["channel"], _CHANNEL)
    return pa.table(
        {
            "session_id": ids,
            "person_id": first["person_id"],
            "started_at": first["ts"],
            "known_at": first["known_at"],
            **columns,
            "last_at": last,
        },
        SESSION_SCHEMA,
    )


def _object(text: str | None) -> dict[str, Any]:
    try:
        decoded = msgspec.json.decode(text) if text else {}
    except msgspec.DecodeError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _word(said: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    found = next((said[key] for key in keys if said.get(key) not in {None, ""}), None)
    return found if isinstance(found, str) else None
