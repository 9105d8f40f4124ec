"""Meetings at the branch that large decisions lead to: some are kept, some are forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from engage.domain.appointments import APPOINTMENTS
from engage.domain.ids import Prefix
from engage.simulate.calendar import HOUR, MINUTE, Calendar, in_office_hours
from engage.simulate.journeys import Matters, of
from engage.simulate.people import People
from engage.simulate.streams import Draws, Flags, Ints
from engage.simulate.tables import Rows, arrow, together, words
from engage.simulate.visits import Visits

STATES = ("booked", "missed", "kept")


@dataclass(frozen=True, slots=True)
class Appointments:
    """One entry a meeting, left alone."""

    ids: pa.Array
    person: Ints
    parent: Ints
    """The matter it is about."""
    booked: Ints
    starts: Ints
    kept: Flags

    def __len__(self) -> int:
        return len(self.person)


def draw(
    matters: Matters, visits: Visits, people: People, seed: int, calendar: Calendar
) -> Appointments:
    """Return the meetings that visits about large decisions end with."""
    draws = Draws(seed, "appointments")
    late = of("late", matters.journey) > 0
    books = (visits.number == 0) & late[visits.matter]
    books &= draws.uniform("books", len(visits.matter)) < 0.16
    parent, end = visits.matter[books], visits.end[books]
    n, person = len(parent), matters.person[parent]
    ahead = draws.between("ahead", n, 1.5, 7.0) * 24
    wanted = end + (ahead * HOUR).astype(np.int64)
    starts = in_office_hours(calendar, people.zone[person], wanted, draws.uniform("hour", n))
    return Appointments(
        ids=draws.ids(Prefix.APPOINTMENT, n),
        person=person,
        parent=parent,
        booked=end + 2 * MINUTE,
        starts=starts // (30 * MINUTE) * (30 * MINUTE),
        kept=draws.uniform("kept", n) < 0.7,
    )


def appointment_rows(appointments: Appointments, people: People, first_need: int) -> Rows:
    """Return each meeting twice: when it is booked, and once it was kept or missed."""
    need = first_need + np.arange(len(appointments))
    all_of_them = np.arange(len(appointments))
    nothing = np.zeros(len(appointments), dtype=np.int64)
    booked = states(appointments, people, all_of_them, nothing, appointments.booked, need=need)
    ended = states(
        appointments,
        people,
        all_of_them,
        1 + appointments.kept.astype(np.int64),
        appointments.starts + HOUR,
        need=need,
    )
    return together((booked, ended))


def states(
    appointments: Appointments,
    people: People,
    which: Ints,
    state: Ints,
    ts: Ints,
    *,
    need: Ints | None = None,
    log: Ints | None = None,
) -> Rows:
    """Return the state of some meetings as known from `ts` on."""
    person = appointments.person[which]
    table = arrow(
        APPOINTMENTS,
        len(which),
        {
            "appointment_id": appointments.ids.take(pa.array(which)),
            "person_id": people.ids.take(pa.array(person)),
            "starts_at": appointments.starts[which],
            "known_at": ts + MINUTE,
            "kind": "advice",
            "state": words(STATES, state),
        },
    )
    conditional = None if log is None else np.ones(len(which), dtype=np.bool_)
    return Rows.of(
        table, known=ts + MINUTE, ts=ts, person=person, need=need, log=log, conditional=conditional
    )
