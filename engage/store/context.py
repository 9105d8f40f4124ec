"""Everything a decision must know about people besides their history, in a handful of queries.

    read(tx, person_ids, now, key) -> dict[str, pa.Table]

| table | columns |
|---|---|
| people | person_id, valid_from, known_at, attributes: the newest version |
| contact_points | person_id, kind, value, known_at |
| consents | person_id, purpose, at, granted, source, text_version: the newest word on each purpose |
| suppressions | person_id, scope, reason, at |
| exclusions | the relation's columns, those in force |
| contacts | the contact ledger's columns, 30 days back and everything planned |
| ghosts | the ghost ledger's columns, the same |
| open_actions | person_id, kind (message, callback), id, channel, class, action, state, expires_at |
| assignments | person_id, scope, arm, epoch, share, assigned_at, merged_flag: the earliest |
| zones | person_id, zone, country, ts: the last that a page reported |

`person_id` is always the id that was asked for; what belongs to the person's other identities is
among its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from engage.domain.callbacks import OPEN_CALLBACKS
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.messages import OPEN_STATES
from engage.store import assignments, bulk, identities, ledger, suppressions
from engage.store.store import Tx
from engage.store.tables.base import Words
from engage.store.tables.outbox import messages
from engage.store.tables.people import consents, contact_points
from engage.store.tables.relations import events, exclusions, people
from engage.store.tables.work import callbacks

LOOK_BACK = timedelta(days=30)
"""The widest window of a contact budget."""


def read(tx: Tx, person_ids: Sequence[str], now: datetime, key: bytes) -> dict[str, pa.Table]:
    """Return what is known of these people now; `key` is that of the stop list."""
    members = identities.members(tx, person_ids)
    ids = sorted(set(members["member_id"].to_pylist()))
    points = _fetch(tx, contact_points, ids)
    since = now - LOOK_BACK
    found = {
        "people": _newest(_people(tx, ids, now), members, ["person_id"], "known_at"),
        "contact_points": _of(points, members),
        "consents": _newest(_consents(tx, ids, now), members, ["person_id", "purpose"], "at"),
        "suppressions": suppressions.hits(
            tx, key, _stoppable(members, points, suppressions.channels(tx))
        ),
        "exclusions": _of(_exclusions(tx, ids, now), members),
        "contacts": _of(ledger.contacts(tx, ids, since), members),
        "ghosts": _of(ledger.ghosts(tx, ids, since), members),
        "open_actions": _of(_open_actions(tx, ids), members),
        "assignments": _earliest(assignments.read(tx, ids), members),
        "zones": _newest(_zones(tx, ids), members, ["person_id"], "ts"),
    }
    return {name: _ordered(table) for name, table in found.items()}


def _of(table: pa.Table, members: pa.Table) -> pa.Table:
    """Give the rows of every identity to the person that was asked for."""
    if members["person_id"].equals(members["member_id"]):
        return table
    names = table.column_names
    renamed = table.rename_columns(["member_id" if one == "person_id" else one for one in names])
    return renamed.join(members, "member_id", join_type="inner").select(names)


def _ordered(table: pa.Table) -> pa.Table:
    # A join has no order of its own.
    return table.sort_by([(name, "ascending") for name in table.column_names])


def _newest(table: pa.Table, members: pa.Table, key: list[str], time: str) -> pa.Table:
    return _first_of_each(_of(table, members), key, (time, "descending"))


def _earliest(table: pa.Table, members: pa.Table) -> pa.Table:
    return _first_of_each(_of(table, members), ["person_id", "scope"], ("assigned_at", "ascending"))


def _first_of_each(table: pa.Table, key: list[str], order: tuple[str, str]) -> pa.Table:
    rest = [(name, "ascending") for name in table.column_names if name != order[0]]
    ordered = table.sort_by([order, *rest])
    numbered = ordered.append_column("_row", pa.array(range(table.num_rows), pa.int64()))
    first = numbered.group_by(key, use_threads=False).aggregate([("_row", "min")])["_row_min"]
    return ordered.filter(pc.is_in(numbered["_row"], first.combine_chunks()))


def _fetch(
    tx: Tx, held: sa.Table, ids: Sequence[str], *conditions: sa.ColumnElement[bool]
) -> pa.Table:
    wanted = [held.c.person_id, *(one for one in held.c if one.name != "person_id")]
    return bulk.fetch(
        tx, sa.select(*wanted).where(bulk.among(tx, held.c.person_id, ids), *conditions)
    )


def _people(tx: Tx, ids: Sequence[str], now: datetime) -> pa.Table:
    wanted = ["person_id", "valid_from", "known_at", "attributes"]
    known = (people.c.known_at <= now, people.c.valid_from <= now)
    return _fetch(tx, people, ids, *known).select(wanted)


def _consents(tx: Tx, ids: Sequence[str], now: datetime) -> pa.Table:
    return _fetch(tx, consents, ids, consents.c.at <= now)


def _exclusions(tx: Tx, ids: Sequence[str], now: datetime) -> pa.Table:
    ends = exclusions.c.valid_until
    in_force = (
        exclusions.c.known_at <= now,
        exclusions.c.valid_from <= now,
        sa.or_(ends.is_(None), ends > now),
    )
    return _fetch(tx, exclusions, ids, *in_force).select(list(EXCLUSIONS.column_names))


def _stoppable(members: pa.Table, points: pa.Table, channels: Sequence[str]) -> pa.Table:
    """Return everything by which these people may stand on the stop list."""
    numbers = _of(points, members).select(["person_id", "value"])
    ids = members.rename_columns(["person_id", "value"])
    return pa.concat_tables(
        [
            bulk.filled(ids, scope="person"),
            bulk.filled(numbers, scope="number"),
            *(bulk.filled(numbers, scope=f"{suppressions.CHANNEL}{one}") for one in channels),
        ]
    )


def _open_actions(tx: Tx, ids: Sequence[str]) -> pa.Table:
    def text(value: str, name: str) -> Any:
        return sa.literal(value, Words).label(name)

    offers = sa.select(
        messages.c.person_id,
        text("message", "kind"),
        messages.c.message_id.label("id"),
        messages.c.channel,
        messages.c["class"],
        messages.c.action,
        messages.c.state,
        messages.c.expires_at,
    ).where(bulk.among(tx, messages.c.person_id, ids), messages.c.state.in_(sorted(OPEN_STATES)))
    promised = sa.select(
        callbacks.c.person_id,
        text("callback", "kind"),
        callbacks.c.callback_id.label("id"),
        text("callback", "channel"),
        # Not `requested`: whoever has an appointment with us needs no further offer.
        text("", "class"),
        text("callback", "action"),
        callbacks.c.state,
        sa.null().cast(messages.c.expires_at.type).label("expires_at"),
    ).where(
        bulk.among(tx, callbacks.c.person_id, ids), callbacks.c.state.in_(sorted(OPEN_CALLBACKS))
    )
    return pa.concat_tables([bulk.fetch(tx, offers), bulk.fetch(tx, promised)])


def _zones(tx: Tx, ids: Sequence[str]) -> pa.Table:
    place = sa.func.row_number().over(
        partition_by=events.c.person_id, order_by=(events.c.ts.desc(), events.c.seq.desc())
    )
    ranked = (
        sa.select(
            events.c.person_id, events.c.zone, events.c.country, events.c.ts, place.label("n")
        )
        .where(
            bulk.among(tx, events.c.person_id, ids),
            events.c.zone.is_not(None),
            sa.not_(events.c.gone),
        )
        .subquery()
    )
    wanted = (ranked.c.person_id, ranked.c.zone, ranked.c.country, ranked.c.ts)
    return bulk.fetch(tx, sa.select(*wanted).where(ranked.c.n == 1))
