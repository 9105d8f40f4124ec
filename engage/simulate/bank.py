"""The whole bank as drawn: its people, what they need, and all rows of the future left alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa

from engage.domain.appointments import APPOINTMENTS
from engage.domain.events import EVENTS
from engage.domain.ids import Prefix
from engage.domain.interactions import INTERACTIONS
from engage.domain.people import LINKS
from engage.domain.transactions import TRANSACTIONS
from engage.simulate import (
    appointments,
    bots,
    contacts,
    journeys,
    merges,
    money,
    outage,
    pages,
    people,
    seasons,
    telling,
    visits,
)
from engage.simulate.calendar import DAY, NEVER, WEEK, Calendar, micros
from engage.simulate.course import CONCERN, MATTER, MEETING, Needs
from engage.simulate.nastiness import Nastiness
from engage.simulate.outage import Outage
from engage.simulate.responses import Responses
from engage.simulate.streams import Draws, Flags, Floats, Ints
from engage.simulate.tables import Rows, together

MATTERS_PER_WEEK = 0.17
CONCERNS_PER_WEEK = 0.08
"""How often something comes up for an ordinary person."""
MONTHS_OF_MONEY = 24
UNSEEN = 0.3
"""The share of pages that are closed a moment before an offer is painted."""
MATURES = 95 * DAY
"""Money moves, and late consequences show, until this long after the live weeks."""


@dataclass(frozen=True, slots=True)
class Bank:
    """Everything that was drawn; matters, concerns and meetings are needs, in this order."""

    seed: int
    first: int
    """When the books begin."""
    start: int
    live_until: int
    end: int
    calendar: Calendar
    people: people.People
    matters: journeys.Matters
    visits: visits.Visits
    concerns: contacts.Concerns
    meetings: appointments.Appointments
    needs: Needs
    browsers: pages.Browsers
    usual_margin: Floats
    responses: Responses
    unseen: Flags
    """[need + 1]: the page is closed before an offer is painted."""
    nastiness: Nastiness
    telling: telling.Telling
    rows: dict[str, Rows]
    """By relation, in the order in which the engine learns of them."""

    @property
    def first_concern(self) -> int:
        """Return the need that the first concern is."""
        return len(self.matters)

    @property
    def first_meeting(self) -> int:
        """Return the need that the first meeting is."""
        return len(self.matters) + len(self.concerns)


def draw(
    number: int,
    seed: int,
    start: datetime,
    weeks_before: int,
    weeks_live: int,
    nasty: Nastiness,
) -> Bank:
    """Return the bank of this seed."""
    launch = micros(start)
    # People live by whole days, whatever the hour of the launch.
    before, live_until = (
        launch // DAY * DAY + weeks * WEEK for weeks in (-weeks_before, weeks_live)
    )
    end = live_until + MATURES
    firsts = money.months(start, MONTHS_OF_MONEY, end)
    first = int(firsts[0])
    calendar = Calendar.of(people.ZONES, before, end)
    if nasty.seasons:
        busy = seasons.busyness(calendar.first_day, len(calendar.busy))
        calendar = replace(calendar, busy=busy)
    folk = people.draw(number, seed, first, launch, end)
    matters = journeys.draw(
        folk, seed, calendar, before, live_until, MATTERS_PER_WEEK, seasons=nasty.seasons
    )
    visited = visits.draw(matters, folk, seed)
    meetings = appointments.draw(matters, visited, folk, seed, calendar)
    own = contacts.own(folk, seed, calendar, before, live_until, CONCERNS_PER_WEEK)
    origins = [own, _defeated(folk, matters, visited, seed, calendar)]
    expected = sum(len(one.person) for one in origins)
    broken = None
    if nasty.outage:
        broken = outage.strike(matters, visited, seed, launch)
        origins.append(_phoning(folk, broken, visited, seed, calendar))
        matters, visited = broken.matters, broken.visits
    concerns = contacts.draw(origins, folk, seed, calendar)
    browsers = pages.browsers(folk, matters)
    later = np.array([], dtype=np.int64)
    if nasty.merges:
        browsers = merges.shared(browsers, folk, matters, seed)
        visited, later = merges.known_later(matters, visited, seed)
    usual = money.usual_margin(folk, seed)
    if nasty.giant:
        usual = money.with_giant(usual, _live_borrowers(matters, launch), seed)
    needs = _needs(matters, concerns, meetings)
    bank = Bank(
        seed=seed,
        first=first,
        start=launch,
        live_until=live_until,
        end=end,
        calendar=calendar,
        people=folk,
        matters=matters,
        visits=visited,
        concerns=concerns,
        meetings=meetings,
        needs=needs,
        browsers=browsers,
        usual_margin=usual,
        responses=_responses(len(matters), expected, len(concerns), len(meetings), seed),
        unseen=_unseen(len(needs), len(matters), seed, nasty),
        nastiness=nasty,
        telling=telling.Telling.of(nasty, seed, launch, number),
        rows={},
    )
    bank.rows.update(_rows(bank, firsts, broken, later, before))
    return bank


def _phoning(
    folk: people.People, broken: Outage, base: visits.Visits, seed: int, calendar: Calendar
) -> contacts.Origins:
    """Return the calls of those whom the outage defeated."""
    index = outage.callers(broken, base)
    matter = base.matter[index]
    names = [journeys.NAMES[j] for j in broken.matters.journey[matter].tolist()]
    person, end = broken.matters.person[matter], broken.visits.end[index]
    return contacts.from_page(folk, seed, calendar, person, names, end, matter, "outage calls")


def _live_borrowers(matters: journeys.Matters, launch: int) -> Ints:
    """Return who thinks of a mortgage in the live weeks; a giant elsewhere would not be felt."""
    wants = matters.journey == journeys.NAMES.index("mortgage")
    return np.unique(matters.person[wants & (matters.starts[:, 0] > launch)])


def _responses(matters: int, expected: int, concerns: int, meetings: int, seed: int) -> Responses:
    """Return everybody's responses; those about unexpected concerns leave the others as they are."""
    usual = Responses.draw(matters + expected + meetings, seed)
    if concerns == expected:
        return usual
    return usual.with_more(matters + expected, Responses.draw(concerns - expected, -1 - seed))


def _unseen(needs: int, matters: int, seed: int, nasty: Nastiness) -> Flags:
    closes = np.zeros(needs + 1, dtype=np.bool_)
    if nasty.unseen:
        closes[:matters] = Draws(seed, "unseen").uniform("closes", matters) < UNSEEN
    return closes


def _defeated(
    folk: people.People,
    matters: journeys.Matters,
    visited: visits.Visits,
    seed: int,
    calendar: Calendar,
) -> contacts.Origins:
    """Return the calls of those whom the page's forms defeated, once for each matter."""
    last = visited.number == matters.visits[visited.matter] - 1
    index = np.flatnonzero(visited.struggled & last)
    matter = visited.matter[index]
    names = [journeys.NAMES[j] for j in matters.journey[matter].tolist()]
    return contacts.from_page(
        folk, seed, calendar, matters.person[matter], names, visited.end[index], matter
    )


def _needs(
    matters: journeys.Matters,
    concerns: contacts.Concerns,
    meetings: appointments.Appointments,
) -> Needs:
    sizes = (len(matters), len(concerns), len(meetings))
    none, never = (np.full(len(matters), value, dtype=np.int64) for value in (-1, NEVER))
    return Needs(
        kind=np.repeat(np.array([MATTER, CONCERN, MEETING], dtype=np.int64), sizes),
        person=np.concatenate([matters.person, concerns.person, meetings.person]),
        begins=np.concatenate([matters.starts[:, 0], concerns.start, meetings.booked]),
        parent=np.concatenate([none, concerns.parent, meetings.parent]),
        leaves=np.concatenate([never, concerns.leaves, np.full(len(meetings), NEVER)]),
    )


def _rows(
    bank: Bank, firsts: Ints, broken: Outage | None, later: Ints, before: int
) -> dict[str, Rows]:
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
    parts = {
        EVENTS.name: together(events),
        LINKS.name: together(links),
        INTERACTIONS.name: _contacts(bank),
        TRANSACTIONS.name: money.baseline_rows(
            folk, bank.usual_margin, firsts, (_products(bank), _closings(bank)), seed
        ),
        APPOINTMENTS.name: appointments.appointment_rows(bank.meetings, folk, bank.first_meeting),
    }
    return {name: bank.telling(name, rows).by_known() for name, rows in parts.items()}


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
