"""The whole bank as drawn: its people, what they need, and all rows of the future left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from engage.domain.appointments import APPOINTMENTS
from engage.domain.events import EVENTS
from engage.domain.ids import Prefix
from engage.domain.interactions import INTERACTIONS
from engage.domain.people import LINKS
from engage.domain.transactions import TRANSACTIONS
from engage.simulate import appointments, contacts, journeys, money, pages, people, visits
from engage.simulate.calendar import DAY, NEVER, WEEK, Calendar, micros
from engage.simulate.course import CONCERN, MATTER, MEETING, Needs
from engage.simulate.responses import Responses
from engage.simulate.streams import Draws, Floats, Ints
from engage.simulate.tables import Rows, together

MATTERS_PER_WEEK = 0.17
CONCERNS_PER_WEEK = 0.08
"""How often something comes up for an ordinary person."""
MONTHS_OF_MONEY = 24
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


def draw(number: int, seed: int, start: datetime, weeks_before: int, weeks_live: int) -> Bank:
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
    folk = people.draw(number, seed, first, launch, end)
    matters = journeys.draw(folk, seed, calendar, before, live_until, MATTERS_PER_WEEK)
    visited = visits.draw(matters, folk, seed)
    own = contacts.own(folk, seed, calendar, before, live_until, CONCERNS_PER_WEEK)
    defeated = _defeated(folk, matters, visited, seed, calendar)
    concerns = contacts.draw((own, defeated), folk, seed, calendar)
    meetings = appointments.draw(matters, visited, folk, seed, calendar)
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
        browsers=pages.browsers(folk, matters),
        usual_margin=money.usual_margin(folk, seed),
        responses=Responses.draw(len(needs), seed),
        rows={},
    )
    bank.rows.update(_rows(bank, firsts))
    return bank


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


def _rows(bank: Bank, firsts: Ints) -> dict[str, Rows]:
    seed, folk = bank.seed, bank.people
    browsing = pages.event_rows(bank.visits, bank.matters, folk, bank.browsers, seed)
    parts = {
        EVENTS.name: together((browsing, _complaints(bank))),
        LINKS.name: pages.link_rows(browsing, bank.visits, bank.browsers),
        INTERACTIONS.name: contacts.interaction_rows(bank.concerns, folk, bank.first_concern, seed),
        TRANSACTIONS.name: money.baseline_rows(
            folk, bank.usual_margin, firsts, (_products(bank), _closings(bank)), seed
        ),
        APPOINTMENTS.name: appointments.appointment_rows(bank.meetings, folk, bank.first_meeting),
    }
    return {name: rows.by_known() for name, rows in parts.items()}


def _complaints(bank: Bank) -> Rows:
    concern = np.flatnonzero(bank.concerns.complains != NEVER)
    person, at = bank.concerns.person[concern], bank.concerns.complains[concern]
    ids = Draws(bank.seed, "complaints").ids(Prefix.EVENT, 4 * len(concern))
    columns = [ids.slice(k * len(concern), len(concern)) for k in range(4)]
    table, ts, index = pages.complaint(columns, bank.people, person, at)
    return Rows.of(
        table,
        known=ts + 2_000_000,
        ts=ts,
        person=person[index],
        need=bank.first_concern + concern[index],
        anchor=at[index],
    )


def _products(bank: Bank) -> Rows:
    matters, finished = bank.matters, bank.visits.finished
    matter, month, ts = money.product_months(finished, matters.journey, bank.end)
    return money.product_rows(
        Draws(bank.seed, "products").ids(Prefix.TRANSACTION, len(matter)),
        bank.people,
        matters.person[matter],
        matters.journey[matter],
        month,
        ts,
        amount=matters.amount[matter],
        need=matter,
        finished=finished[matter],
    )


def _closings(bank: Bank) -> Rows:
    need = np.flatnonzero(bank.needs.leaves != NEVER)
    ts = bank.needs.leaves[need]
    ids = Draws(bank.seed, "leavings").ids(Prefix.TRANSACTION, len(need))
    return money.closing_rows(ids, bank.people, bank.needs.person[need], ts, need, ts)
