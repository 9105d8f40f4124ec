"""A bank is drawn from its seed: people, then what they need, then what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from engage.simulate import (
    appointments,
    contacts,
    journeys,
    left_alone,
    merges,
    money,
    outage,
    pages,
    people,
    seasons,
    visits,
)
from engage.simulate.bank import Bank
from engage.simulate.calendar import DAY, NEVER, WEEK, Calendar, micros
from engage.simulate.course import CONCERN, MATTER, MEETING, Needs
from engage.simulate.nastiness import Nastiness
from engage.simulate.outage import Outage
from engage.simulate.responses import Responses
from engage.simulate.streams import Draws, Flags, Ints
from engage.simulate.telling import Telling

MATTERS_PER_WEEK = 0.17
CONCERNS_PER_WEEK = 0.08
"""How often something comes up for an ordinary person."""
MONTHS_OF_MONEY = 24
UNSEEN = 0.3
"""The share of pages that are closed a moment before an offer is painted."""
MATURES = 95 * DAY
"""Money moves, and late consequences show, until this long after the live weeks."""


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
    calendar = _calendar(before, end, nasty)
    folk = people.draw(number, seed, int(firsts[0]), launch, end)
    needed = _needed(folk, seed, calendar, (before, launch, live_until), nasty)
    matters, visited, concerns = needed.matters, needed.visits, needed.concerns
    browsers, later = pages.browsers(folk, matters), np.array([], dtype=np.int64)
    if nasty.merges:
        browsers = merges.shared(browsers, folk, matters, seed)
        visited, later = merges.known_later(matters, visited, seed)
    usual = money.usual_margin(folk, seed)
    if nasty.giant:
        usual = money.with_giant(usual, _live_borrowers(matters, launch), seed)
    needs = _needs(matters, concerns, needed.meetings)
    bank = Bank(
        seed=seed,
        first=int(firsts[0]),
        start=launch,
        live_until=live_until,
        end=end,
        calendar=calendar,
        people=folk,
        matters=matters,
        visits=visited,
        concerns=concerns,
        meetings=needed.meetings,
        needs=needs,
        browsers=browsers,
        usual_margin=usual,
        responses=_responses(needed, seed),
        unseen=_unseen(len(needs), len(matters), seed, nasty),
        nastiness=nasty,
        telling=Telling.of(nasty, seed, launch, number),
        rows={},
        firsts=firsts,
    )
    bank.rows.update(left_alone.rows(bank, needed.broken, later, before))
    # Every step is an event by now; the steps of a million people need not be kept beside them.
    return replace(bank, visits=visited.without_steps())


@dataclass(frozen=True, slots=True)
class _Needed:
    """What people need, with the outage if there is one."""

    matters: journeys.Matters
    visits: visits.Visits
    concerns: contacts.Concerns
    meetings: appointments.Appointments
    expected: int
    """The concerns without those that the outage leads to; these are the last ones."""
    broken: Outage | None


def _needed(
    folk: people.People,
    seed: int,
    calendar: Calendar,
    times: tuple[int, int, int],
    nasty: Nastiness,
) -> _Needed:
    """Return what people need from the first of three times to the last; between is the launch."""
    before, launch, until = times
    matters = journeys.draw(
        folk, seed, calendar, before, until, MATTERS_PER_WEEK, seasons=nasty.seasons
    )
    visited = visits.draw(matters, folk, seed)
    meetings = appointments.draw(matters, visited, folk, seed, calendar)
    own = contacts.own(folk, seed, calendar, before, until, CONCERNS_PER_WEEK)
    origins = [own, _defeated(folk, matters, visited, seed, calendar)]
    expected, broken = sum(len(one.person) for one in origins), None
    if nasty.outage:
        broken = outage.strike(matters, visited, seed, launch)
        origins.append(_phoning(folk, broken, visited, seed, calendar))
        matters, visited = broken.matters, broken.visits
    concerns = contacts.draw(origins, folk, seed, calendar)
    return _Needed(matters, visited, concerns, meetings, expected, broken)


def _calendar(first: int, last: int, nasty: Nastiness) -> Calendar:
    calendar = Calendar.of(people.ZONES, first, last)
    if not nasty.seasons:
        return calendar
    return replace(calendar, busy=seasons.busyness(calendar.first_day, len(calendar.busy)))


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


def _responses(needed: _Needed, seed: int) -> Responses:
    """Return everybody's responses; those about unexpected concerns leave the others as they are."""
    place = len(needed.matters) + needed.expected
    usual = Responses.draw(place + len(needed.meetings), seed)
    more = len(needed.concerns) - needed.expected
    return usual if not more else usual.with_more(place, Responses.draw(more, -1 - seed))


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
