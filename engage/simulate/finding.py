"""Whom and what an offer is about: from the engine's ids to people and their needs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TypedDict

import numpy as np
import pyarrow as pa

from engage.domain.appointments import APPOINTMENTS
from engage.domain.ids import Prefix
from engage.domain.interactions import INTERACTIONS
from engage.simulate.bank import Bank
from engage.simulate.calendar import DAY, NEVER, SECOND
from engage.simulate.course import Course
from engage.simulate.streams import Flags, Floats, Ints
from engage.simulate.tables import Rows

NOBODY = -1


class Alone(TypedDict):
    """What would come of needs when left alone."""

    chance: Floats
    lasts_until: Ints
    comes_anyway: Flags


class Finder:
    """Finds people, needs and open pages in one bank."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        matters, visits = bank.matters, bank.visits
        person = matters.person[visits.matter]
        self._order = np.lexsort((visits.start, person))
        self._visit_keys = self._key(person[self._order], visits.start[self._order])

    def people(self, ids: list[str]) -> tuple[Ints, Ints]:
        """Return the person behind each id, and the matter if the id is a browser's; else -1."""
        found = [self._identities.get(one, (NOBODY, NOBODY)) for one in ids]
        both = np.array(found, dtype=np.int64).reshape(len(found), 2)
        return both[:, 0], both[:, 1]

    def needs(self, person: Ints, browsing: Ints, subjects: list[str], at: Ints) -> Ints:
        """Return the need that each subject is about; -1 where there is none.

        A contact's concern and an appointment's meeting are found by their ids, a browser's matter
        by the browser's; otherwise it is what the person last came to the page for.
        """
        visit = self._last_visit(person, at)
        matter = np.where(visit >= 0, self._bank.visits.matter[visit], NOBODY)
        matter = np.where(browsing >= 0, browsing, matter)
        named = np.array([self._subjects.get(one, NOBODY) for one in subjects], dtype=np.int64)
        by_name = np.array(
            [one.startswith((Prefix.INTERACTION, Prefix.APPOINTMENT)) for one in subjects],
            dtype=np.bool_,
        )
        return np.where(by_name, named, matter)

    def find(self, rows: pa.Table, at: Ints) -> tuple[Ints, Ints]:
        """Return the person and the need that each row's person_id and subject_id mean at `at`."""
        person, browsing = self.people(rows["person_id"].to_pylist())
        if self._bank.nastiness.merges:
            browsing = self._now_in(browsing, at)
            person = np.where(browsing >= 0, self._bank.matters.person[browsing], person)
        return person, self.needs(person, browsing, rows["subject_id"].to_pylist(), at)

    def present(self, person: Ints, at: Ints, course: Course) -> Flags:
        """Return whether the page stands open before each person at that time."""
        visit, visits = self._last_visit(person, at), self._bank.visits
        happens = visits.start[visit] < course.cancelled[visits.matter[visit]]
        return np.asarray((visit >= 0) & happens & (at <= visits.present_until[visit]))

    def alone(self, need: Ints) -> Alone:
        """Return what would come of each need when left alone."""
        return Alone(
            chance=self._chance[need],
            lasts_until=self._lasts_until[need],
            comes_anyway=self._comes_anyway[need],
        )

    def learn(self, rows: Mapping[str, Rows]) -> None:
        """Take note of contacts that were not foreseen."""
        if INTERACTIONS.name in rows:
            contacts = rows[INTERACTIONS.name]
            ids = contacts.table["interaction_id"].to_pylist()
            self._subjects.update(zip(ids, contacts.need.tolist(), strict=True))

    def _now_in(self, browsing: Ints, at: Ints) -> Ints:
        """Return the matter last begun by then in the browser in which each matter is pursued."""
        browser, keys, order = self._browsers
        span = self._bank.end - self._bank.first + 400 * DAY
        wanted = browser[browsing] * span + (at - self._bank.first)
        place = np.searchsorted(keys, wanted, side="right") - 1
        found = order[np.maximum(place, 0)]
        begun = (place >= 0) & (browser[found] == browser[browsing]) & (browsing >= 0)
        return np.where(begun, found, browsing)

    @cached_property
    def _browsers(self) -> tuple[Ints, Ints, Ints]:
        """Return each matter's browser, and keys that sort by browser and time, with their order."""
        bank = self._bank
        codes = bank.browsers.anonymous.dictionary_encode().indices
        browser = np.asarray(codes, dtype=np.int64)
        span = bank.end - bank.first + 400 * DAY
        keys = browser * span + (bank.matters.starts[:, 0] - bank.first)
        order = np.argsort(keys, kind="stable")
        return browser, keys[order], order

    def _last_visit(self, person: Ints, at: Ints) -> Ints:
        """Return each person's last visit that began by then; -1 for none."""
        place = np.searchsorted(self._visit_keys, self._key(person, at), side="right") - 1
        visit = np.where(place >= 0, self._order[place], NOBODY)
        visits = self._bank.visits
        theirs = self._bank.matters.person[visits.matter[visit]] == person
        return np.where((visit >= 0) & theirs & (person >= 0), visit, NOBODY)

    def _key(self, person: Ints, at: Ints) -> Ints:
        """Return one number that sorts by person, then by time."""
        span = (self._bank.end - self._bank.first + 400 * DAY) // SECOND
        return np.asarray(person * span + (at - self._bank.first) // SECOND)

    @cached_property
    def _identities(self) -> dict[str, tuple[int, int]]:
        bank = self._bank
        customers = {one: (k, NOBODY) for k, one in enumerate(bank.people.ids.to_pylist())}
        pairs = enumerate(
            zip(bank.browsers.anonymous.to_pylist(), bank.matters.person.tolist(), strict=True)
        )
        return customers | {one: (person, matter) for matter, (one, person) in pairs}

    @cached_property
    def _subjects(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for relation, column in (
            (INTERACTIONS, "interaction_id"),
            (APPOINTMENTS, "appointment_id"),
        ):
            rows = self._bank.rows[relation.name]
            found.update(zip(rows.table[column].to_pylist(), rows.need.tolist(), strict=True))
        return found

    @cached_property
    def _chance(self) -> Floats:
        other = len(self._bank.needs) - len(self._bank.matters) + 1
        return np.concatenate([self._bank.matters.chance, np.zeros(other)])

    @cached_property
    def _comes_anyway(self) -> Flags:
        bank = self._bank
        nothing = np.zeros(len(bank.concerns), dtype=np.bool_)
        return np.concatenate([bank.matters.finishes, nothing, bank.meetings.kept, [False]])

    @cached_property
    def _lasts_until(self) -> Ints:
        bank = self._bank
        for_ever = np.full(len(bank.concerns), NEVER, dtype=np.int64)
        return np.concatenate([bank.visits.finished, for_ever, bank.meetings.starts, [0]])
