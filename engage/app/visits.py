"""Events are stored with the visit they belong to, and visits follow what becomes known later."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.collect.identity import owners as owners_of
from engage.collect.sessionize import sessionize
from engage.domain.events import EVENTS
from engage.domain.people import LINKS
from engage.domain.sessions import SESSIONS, SILENCE
from engage.store import people, rows
from engage.store import sessions as held_sessions
from engage.store.store import Tx

BATCH = 2_000
"""People whose events are looked at together: bounds the memory, whatever the file."""

_EVER = (np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31", "us"))


def add(tx: Tx, events: pa.Table, now: datetime, *, joined: Collection[str] = ()) -> int:
    """Store events and bring the visits of their people up to date; return how many were new.

    What is stored in the end depends on the set of events alone, not on their order nor on how
    they were cut into calls. Only the visits that an event may belong to or join are looked at;
    `joined` names people who were found to be somebody else, whose visits are all cut anew.
    """
    ids = sorted({*pc.unique(events["person_id"]).to_pylist(), *joined})
    if not ids:
        return 0
    owners = _owners(tx, ids)
    return sum(_add(tx, events, part, joined, now) for part in _batches(owners))


def renew(tx: Tx, old: pa.Table, new: pa.Table, now: datetime) -> None:
    """Let stored events be what they now turn out to be, and cut the visits of their people anew.

    `old` are the events as they stood; those that `new` does not have are taken back. A visit that
    lost an event is written again even where its id stays, which is why its others are renewed too.
    """
    who = people.everyone(tx, pc.unique(old["person_id"]).to_pylist())
    around = rows.read(tx, EVENTS, person_ids=who)
    around = around.filter(pc.is_in(around["session_id"], pc.unique(old["session_id"])))
    around = around.filter(pc.invert(pc.is_in(around["event_id"], old["event_id"])))
    gone = old.filter(pc.invert(pc.is_in(old["event_id"], new["event_id"])))
    rows.remove(tx, EVENTS, gone["event_id"].to_pylist(), now)
    fresh = pa.concat_tables([around, new.select(around.column_names).cast(around.schema)])
    place = fresh.schema.get_field_index("session_id")
    loose = fresh.set_column(place, "session_id", pa.nulls(fresh.num_rows, pa.string()))
    rows.replace(tx, EVENTS, loose, now)
    nothing = around.slice(0, 0)
    add(tx, nothing, now, joined={*who, *pc.unique(new["person_id"]).to_pylist()})


@dataclass(frozen=True, slots=True)
class _Part:
    """Some people with all their identities."""

    owners: pa.Table
    """person_id, canonical_id; everybody has a row"""

    @property
    def ids(self) -> list[str]:
        found: list[str] = self.owners["person_id"].to_pylist()
        return found


def _owners(tx: Tx, ids: Sequence[str]) -> pa.Table:
    """Return who each of these people, and each other identity of theirs, is in the end."""
    everybody = sorted({*ids, *people.members(tx, ids)["member_id"].to_pylist()})
    linked = owners_of(rows.read(tx, LINKS, person_ids=everybody))
    place = pc.index_in(pa.array(everybody), linked["person_id"].combine_chunks())
    canonical = linked["canonical_id"].combine_chunks().take(place)
    column = pc.coalesce(canonical, pa.array(everybody))
    return pa.table({"person_id": pa.array(everybody), "canonical_id": column})


def _batches(owners: pa.Table) -> Iterator[_Part]:
    ordered = owners.sort_by([("canonical_id", "ascending"), ("person_id", "ascending")])
    codes = ordered["canonical_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    for start in range(0, int(codes.max()) + 1, BATCH):
        yield _Part(ordered.filter(pa.array((codes >= start) & (codes < start + BATCH))))


def _add(tx: Tx, events: pa.Table, part: _Part, joined: Collection[str], now: datetime) -> int:
    fresh = events.filter(pc.is_in(events["person_id"], pa.array(part.ids, pa.string())))
    whole = pc.any(pc.is_in(pa.array(part.ids, pa.string()), pa.array(joined, pa.string()))).as_py()
    since = None if whole else _moment(pd.Timestamp(_times(fresh, "ts").min()) - SILENCE)
    held = held_sessions.of_people(tx, part.ids, since)
    windows = _windows(fresh, held, part, joined)
    held = held.filter(pa.array(_inside(held, "started_at", part, windows)))
    known = rows.read(
        tx,
        EVENTS,
        person_ids=part.ids,
        since=_moment(windows["since"].min()),
        until=_moment(windows["until"].max()),
    )
    known = known.filter(pa.array(_inside(known, "ts", part, windows)))
    unknown = fresh.filter(pc.invert(pc.is_in(fresh["event_id"], known["event_id"])))
    marked, sessions = sessionize(pa.concat_tables([known, unknown]), owners=part.owners)
    return _store(tx, known, marked, held, sessions, now)


def _windows(fresh: pa.Table, held: pa.Table, part: _Part, joined: Collection[str]) -> pd.DataFrame:
    """Return for each person the stretch of time whose visits an event may belong to or join.

    It begins with the visit that the first event falls into or follows without a silence, and ends
    before the first visit that begins a silence after the last event.
    """
    ts, who = _times(fresh, "ts"), _who(fresh, part)
    spans = pd.Series(ts).groupby(who).agg(["min", "max"])
    spans.columns = pd.Index(["since", "until"])
    spans["until"] += SILENCE
    begun = pd.DataFrame(
        {
            "owner": _who(held, part),
            "at": _times(held, "started_at"),
            "last": _times(held, "last_at"),
        }
    ).join(spans, on="owner", how="inner")
    going_on = ~(begun["last"] + SILENCE <= begun["since"])
    before = begun[(begun["at"] <= begun["since"]) & going_on].groupby("owner")["at"].max()
    after = begun[begun["at"] >= begun["until"]].groupby("owner")["at"].min()
    spans["since"] = before.reindex(spans.index).fillna(spans["since"])
    spans["until"] = after.reindex(spans.index).fillna(pd.Timestamp(_EVER[1]))
    whole = part.owners.filter(pc.is_in(part.owners["person_id"], pa.array(joined, pa.string())))
    anew = pc.unique(whole["canonical_id"]).to_pylist()
    spans = spans.reindex(spans.index.union(anew))
    for name, edge in zip(("since", "until"), _EVER, strict=True):
        spans.loc[anew, name] = edge
    return spans


def _inside(table: pa.Table, time: str, part: _Part, windows: pd.DataFrame) -> NDArray[np.bool_]:
    found = windows.reindex(_who(table, part))
    at = _times(table, time)
    with np.errstate(invalid="ignore"):
        inside = (at >= found["since"].to_numpy()) & (at < found["until"].to_numpy())
    return np.asarray(inside, bool)


def _who(table: pa.Table, part: _Part) -> NDArray[np.object_]:
    place = pc.index_in(table["person_id"], part.owners["person_id"].combine_chunks())
    names = part.owners["canonical_id"].combine_chunks().take(place.combine_chunks())
    return np.asarray(names.to_numpy(zero_copy_only=False), object)


def _times(table: pa.Table, name: str) -> NDArray[np.datetime64]:
    return np.asarray(table[name].to_numpy(), "datetime64[us]")


def _moment(at: pd.Timestamp) -> datetime:
    return at.to_pydatetime()


def _store(
    tx: Tx, known: pa.Table, marked: pa.Table, held: pa.Table, sessions: pa.Table, now: datetime
) -> int:
    """Write what is new or different; a visit is, when one of its events is."""
    place = pc.index_in(marked["event_id"], known["event_id"].combine_chunks())
    before = known["session_id"].combine_chunks().take(place.combine_chunks())
    new = pc.is_null(place)
    same = pc.fill_null(pc.equal(marked["session_id"], before), False)
    moved = pc.and_not(pc.invert(new), same)
    touched = marked.filter(pc.or_(new, moved))["session_id"]
    stored = rows.add(tx, EVENTS, marked.filter(new), now)
    rows.replace(tx, EVENTS, marked.filter(moved), now)
    gone = held.filter(pc.invert(pc.is_in(held["session_id"], sessions["session_id"])))
    if gone.num_rows:
        rows.remove(tx, SESSIONS, gone["session_id"].to_pylist(), now)
    rows.replace(tx, SESSIONS, sessions.filter(pc.is_in(sessions["session_id"], touched)), now)
    return stored
