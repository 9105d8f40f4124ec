"""Interference: the engine's conversations take agents away from everybody else who calls.

Whoever contacts the bank within two hours after such a conversation began waits longer; some lose
patience, are not helped, and come back. What everybody would do is drawn once, so the world with the
conversations and the one without them differ by nothing but the queue, and the truth stays exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from engage.domain.events import EVENTS
from engage.domain.ids import Prefix, derive_column
from engage.domain.interactions import INTERACTIONS
from engage.domain.transactions import TRANSACTIONS
from engage.simulate import contacts, money, pages, queues, telling
from engage.simulate.bank import Bank
from engage.simulate.calendar import NEVER
from engage.simulate.contacts import Concerns
from engage.simulate.course import Log
from engage.simulate.responses import CHAT, SPOKEN
from engage.simulate.streams import Flags, Ints
from engage.simulate.tables import Rows

_WHAT = ("c_start", "c_end", "c_wait_s", "c_transfers", "c_abandoned", "c_solved")


@dataclass(frozen=True, slots=True)
class Crowded:
    """The bank as its queues make it."""

    bank: Bank
    """With the concerns, and what people leave over, as they are in the fuller queues."""
    changed_from: Ints
    """[need + 1]: from when on the rows that were drawn for an empty queue are replaced."""
    rows: Mapping[str, Rows]
    """By relation, what takes their place."""


def crowded(bank: Bank, log: Log, kept: Flags | None = None) -> Crowded:
    """Return the bank under the conversations in `log`, or the `kept` ones of them."""
    nothing = np.full(len(bank.needs) + 1, NEVER, dtype=np.int64)
    spoken = np.isin(log.mode, SPOKEN) if kept is None else np.isin(log.mode, SPOKEN) & kept
    if not bank.nastiness.crowding or not spoken.any():
        return Crowded(bank, nothing, {})
    chats = log.mode == CHAT
    crowd = queues.Crowd(
        np.sort(log.at[spoken & ~chats]),
        np.sort(log.at[spoken & chats]),
        agents=max(1, len(bank.people) // queues.PEOPLE_PER_AGENT),
    )
    concerns = contacts.draw((bank.concerns,), bank.people, bank.seed, bank.calendar, crowd)
    changed = _changed_from(bank.concerns, concerns)
    changed_from = nothing.copy()
    changed_from[bank.first_concern : bank.first_concern + len(changed)] = changed
    leaves = bank.needs.leaves.copy()
    leaves[bank.first_concern : bank.first_concern + len(changed)] = concerns.leaves
    fuller = replace(bank, concerns=concerns, needs=replace(bank.needs, leaves=leaves))
    return Crowded(fuller, changed_from, _rows(fuller, changed))


def _changed_from(base: Concerns, now: Concerns) -> Ints:
    """Return for each concern when its first contact begins that is not as it was; else NEVER."""
    before, after = (one.c_concern * contacts.MOST_CONTACTS + one.c_number for one in (base, now))
    place = np.minimum(np.searchsorted(before, after), len(before) - 1)
    same = before[place] == after
    for name in _WHAT:
        same &= getattr(base, name)[place] == getattr(now, name)
    changed = np.full(len(base), NEVER, dtype=np.int64)
    np.minimum.at(changed, now.c_concern[~same], now.c_start[~same])
    gone = ~np.isin(before, after)
    np.minimum.at(changed, base.c_concern[gone], base.c_start[gone])
    return changed


def _rows(bank: Bank, changed: Ints) -> dict[str, Rows]:
    if (changed == NEVER).all():
        return {}
    made = {
        INTERACTIONS.name: _contacts(bank, changed),
        EVENTS.name: _complaints(bank, changed),
        TRANSACTIONS.name: _closings(bank, changed),
    }
    return {name: bank.telling(name, rows) for name, rows in made.items()}


def _contacts(bank: Bank, changed: Ints) -> Rows:
    concerns = bank.concerns
    which = np.flatnonzero(concerns.c_start >= changed[concerns.c_concern])
    of, number = (one[which].tolist() for one in (concerns.c_concern, concerns.c_number))
    ids = _ids(bank, Prefix.INTERACTION, [f"{a} {b}" for a, b in zip(of, number, strict=True)])
    rows = contacts.interaction_rows(
        concerns, bank.people, bank.first_concern, bank.seed, ids, which
    )
    if not bank.nastiness.late:
        return rows
    return telling.with_corrections(rows, concerns.c_solved[which], bank.seed)


def _complaints(bank: Bank, changed: Ints) -> Rows:
    concerns = bank.concerns
    some = np.flatnonzero((changed != NEVER) & (concerns.complains != NEVER))
    columns = [_ids(bank, Prefix.EVENT, [f"{one} complains {k}" for one in some]) for k in range(4)]
    at = concerns.complains[some]
    person, at = concerns.person[some], concerns.complains[some]
    return pages.complaint_rows(columns, bank.people, person, at, bank.first_concern + some)


def _closings(bank: Bank, changed: Ints) -> Rows:
    concerns = bank.concerns
    some = np.flatnonzero((changed != NEVER) & (concerns.leaves != NEVER))
    ids = _ids(bank, Prefix.TRANSACTION, [f"{one} leaves" for one in some])
    need, ts = bank.first_concern + some, concerns.leaves[some]
    return money.closing_rows(ids, bank.people, concerns.person[some], ts, need, ts)


def _ids(bank: Bank, prefix: Prefix, what: list[str]) -> pa.Array:
    keys = (["crowded"] * len(what), [str(bank.seed)] * len(what), what)
    return pa.array(derive_column(prefix, *keys), pa.string())
