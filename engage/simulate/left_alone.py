"""The rows of a bank that leaves everybody alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engage.domain.appointments import APPOINTMENTS
from engage.domain.events import EVENTS
from engage.domain.ids import Prefix
from engage.domain.interactions import INTERACTIONS
from engage.domain.people import LINKS
from engage.domain.transactions import TRANSACTIONS
from engage.simulate import appointments, bots, contacts, merges, money, outage, pages, telling
from engage.simulate.bank import Bank
from engage.simulate.calendar import NEVER
from engage.simulate.outage import Outage
from engage.simulate.streams import Draws, Ints
from engage.simulate.tables import Rows, together


def rows(bank: Bank, broken: Outage | None, later: Ints, before: int) -> dict[str, Rows]:
    """Return what happens by relation, in the order in which the engine learns of it.

    `broken`: the outage; `later`: the matters whose browsers are known only later; `before`: when
    the first visits come.
    """
    events, links = _browsing(bank, broken, later, before)
    return {
        EVENTS.name: events,
        LINKS.name: links,
        INTERACTIONS.name: _told(bank, INTERACTIONS.name, [_contacts(bank)]),
        TRANSACTIONS.name: _told(
            bank,
            TRANSACTIONS.name,
            [money.own_closings(bank.people, bank.seed), _products(bank), _closings(bank)],
        ),
        APPOINTMENTS.name: _told(
            bank,
            APPOINTMENTS.name,
            [appointments.appointment_rows(bank.meetings, bank.people, bank.first_meeting)],
        ),
    }


def _told(bank: Bank, name: str, parts: list[Rows]) -> Rows:
    return bank.telling(name, together(parts)).by_known()


def _browsing(bank: Bank, broken: Outage | None, later: Ints, before: int) -> tuple[Rows, Rows]:
    """Return events and links, told apart here so that nothing else is held in memory meanwhile."""
    seed, folk, visited, nasty = bank.seed, bank.people, bank.visits, bank.nastiness
    browsing = pages.event_rows(visited, bank.matters, folk, bank.browsers, seed)
    links = [pages.link_rows(browsing, visited, bank.browsers)]
    if broken is not None:
        browsing = browsing.take(np.flatnonzero(~visited.step_lost))
    events = [browsing, _complaints(bank)]
    if nasty.merges:
        said, joined = merges.rows(later, visited, bank.matters, folk, bank.browsers, seed)
        events.append(said)
        links.append(joined)
    if broken is not None:
        events.append(outage.rows(broken, folk, bank.browsers, seed))
    if nasty.bots:
        events.append(bots.rows(folk, seed, before, bank.live_until))
    return _told(bank, EVENTS.name, events), _told(bank, LINKS.name, links)


def _contacts(bank: Bank) -> Rows:
    n = len(bank.concerns.c_start)
    ids = Draws(bank.seed, "interactions").ids(Prefix.INTERACTION, n)
    rows = contacts.interaction_rows(
        bank.concerns, bank.people, bank.first_concern, bank.seed, ids, np.arange(n)
    )
    if not bank.nastiness.late:
        return rows
    return telling.with_corrections(rows, bank.concerns.c_solved, bank.seed)


def _complaints(bank: Bank) -> Rows:
    concern = np.flatnonzero(bank.concerns.complains != NEVER)
    ids = Draws(bank.seed, "complaints").ids(Prefix.EVENT, 4 * len(concern))
    return pages.complaint_rows(
        [ids.slice(k, len(ids)).take(pa.array(np.arange(0, len(ids) - k, 4))) for k in range(4)],
        bank.people,
        bank.concerns.person[concern],
        bank.concerns.complains[concern],
        bank.first_concern + concern,
    )


def _products(bank: Bank) -> Rows:
    matters, finished = bank.matters, bank.visits.finished
    matter, month, ts = money.product_months(finished, matters.journey, bank.end)
    return money.product_rows(
        _product_ids(bank.seed, len(matters), matter, month),
        bank.people,
        matters.person[matter],
        matters.journey[matter],
        month,
        ts,
        amount=matters.amount[matter],
        need=matter,
        finished=finished[matter],
    )


def _product_ids(seed: int, matters: int, matter: Ints, month: Ints) -> pa.Array:
    """Return an id for each booking that depends on no other booking."""
    months = range(int(month.max(initial=0)) + 1)
    drawn = [Draws(seed, f"products {m}").ids(Prefix.TRANSACTION, matters) for m in months]
    return pa.concat_arrays(drawn).take(pa.array(month * matters + matter))


def _closings(bank: Bank) -> Rows:
    need = np.flatnonzero(bank.needs.leaves != NEVER)
    ts = bank.needs.leaves[need]
    ids = Draws(bank.seed, "leavings").ids(Prefix.TRANSACTION, len(need))
    return money.closing_rows(ids, bank.people, bank.needs.person[need], ts, need, ts)
