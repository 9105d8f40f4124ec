"""The simulated bank as the engine meets it: what is known, what happens, and how people answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from engage.domain.appointments import APPOINTMENTS
from engage.domain.catalog import ARCHIVED
from engage.domain.events import EVENTS
from engage.domain.interactions import INTERACTIONS
from engage.domain.people import LINKS, PEOPLE
from engage.domain.transactions import TRANSACTIONS
from engage.features.schema import TIME, arrow_schema
from engage.simulate import (
    consequences,
    crowding,
    drawing,
    merges,
    moments,
    people,
    responses,
    truth,
)
from engage.simulate.answering import ANSWERED, OFFERS, answers
from engage.simulate.calendar import NEVER, micros, moment
from engage.simulate.course import Course, Log, course
from engage.simulate.facts import Yardstick
from engage.simulate.finding import Finder
from engage.simulate.nastiness import Nastiness
from engage.simulate.potential import potential_outcomes
from engage.simulate.streams import Flags
from engage.simulate.tables import Rows, micros_of, table, together, typed
from engage.simulate.truth import YARDSTICKS, Effect

TOLD = (EVENTS, INTERACTIONS, TRANSACTIONS, APPOINTMENTS, LINKS)
"""Relations that grow as time goes by."""
START = datetime(2026, 3, 2, tzinfo=UTC)
NONE = Nastiness.none()

QUALIFIED = pa.schema(
    [(name, pa.string()) for name in ("decision_id", "person_id", "trigger", "subject_id")]
    + [("qualified_at", TIME), ("arm", pa.string()), ("action", pa.string())]
)


class World:
    """A bank from its first books to the last consequence, told moment by moment.

    What has been told never changes; what is still to come does, with every answer.
    """

    def __init__(
        self,
        people: int = 600,
        seed: int = 1,
        start: datetime = START,
        weeks_before: int = 8,
        weeks_live: int = 4,
        nastiness: Nastiness = NONE,
    ) -> None:
        self._bank = drawing.draw(people, seed, start, weeks_before, weeks_live, nastiness)
        self._finder = Finder(self._bank)
        self._log = Log.empty()
        self._answers: dict[str, tuple[str, int]] = {}
        self._consequences: dict[str, Rows] = {}
        self._taken = self._course_of(self._log)
        self._told_until = self._bank.start

    @property
    def starts_at(self) -> datetime:
        """Return the launch: what was known before it is history."""
        return moment(self._bank.start)

    @property
    def live_until(self) -> datetime:
        """Return the end of the live weeks; nothing new comes up after it."""
        return moment(self._bank.live_until)

    @property
    def ends_at(self) -> datetime:
        """Return when every consequence has shown."""
        return moment(self._bank.end)

    def history(self) -> dict[str, pa.Table]:
        """Return what is known before launch, by relation, with contact_points and consents."""
        parts: dict[str, list[pa.Table]] = {}
        for name, piece in self.history_in_pieces():
            parts.setdefault(name, []).append(piece)
        return {name: pa.concat_tables(pieces) for name, pieces in parts.items()}

    def history_in_pieces(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield the same as (relation, rows) in pieces, for banks whose history fits nowhere whole.

        The pieces of a relation follow one another in the order in which their rows became known.
        """
        folk, seed, first, start = (
            self._bank.people, self._bank.seed, self._bank.first, self._bank.start
        )  # fmt: skip
        yield PEOPLE.name, people.people_table(folk, first, start)
        for relation in TOLD:
            for rows in self._bank.between(relation.name, -1, start):
                yield relation.name, self._taken.as_drawn(rows)
        yield "contact_points", people.contact_points(folk, seed, first)
        yield "consents", people.consents(folk, seed, start)

    def moments(self) -> list[datetime]:
        """Return the live moments worth a look, each some seconds after something happened."""
        return [moment(at) for at in moments.worth_a_look(self._bank).tolist()]

    def until(self, until: datetime) -> dict[str, pa.Table]:
        """Return the rows that became known since the last call, by relation.

        Rows of `appointments` may carry a known appointment_id with its new state; where records
        are corrected (`Nastiness.late`), rows of `interactions` a known interaction_id likewise.
        """
        at = micros(until)
        told = self._told(self._told_until, at)
        self._told_until = max(self._told_until, at)
        return told

    def respond(self, offers: pa.Table) -> pa.Table:
        """Return how people answer these offers, and let the answers change what is to come.

        `offers`: decision_id, person_id, trigger, subject_id, action, channel, sent_at. An offer
        that has been answered gets the same answer again and changes nothing.
        """
        asked = typed(offers, OFFERS, "offers")
        # The same decision may stand twice among the new ones: the first counts.
        places = {one: k for k, one in reversed(list(enumerate(asked["decision_id"].to_pylist())))}
        fresh = sorted(k for one, k in places.items() if one not in self._answers)
        if fresh:
            self._take(asked.take(pa.array(fresh, pa.int64())))
        ids = asked["decision_id"].to_pylist()
        return table(
            ANSWERED,
            len(ids),
            {
                "decision_id": pa.array(ids, pa.string()),
                "answer": pa.array([self._answers[one][0] for one in ids], pa.string()),
                "at": np.array([self._answers[one][1] for one in ids], dtype=np.int64),
            },
        )

    def truth(
        self, qualified: pa.Table, yardsticks: Mapping[str, Yardstick] = YARDSTICKS
    ) -> dict[str, Effect]:
        """Return the true effect of each trigger that has a yardstick: see `truth`.

        `qualified`: decision_id, person_id, trigger, subject_id, qualified_at, arm, action. The
        horizons run to their ends even where the engine has not been told of them yet.
        """
        rows = typed(qualified, QUALIFIED, "qualified")
        at = micros_of(rows["qualified_at"])
        person, need = self._finder.find(rows, at)
        joined = self._all(LINKS.name, self._taken)
        pairs = [joined[c].to_pylist() for c in LINKS.column_names[:2]]
        two = merges.ambiguous(*pairs)
        owners = {one: other for one, other in zip(*pairs, strict=True) if one not in two}
        units = [owners.get(one, one) for one in rows["person_id"].to_pylist()]
        arms, decisions = (rows[c].to_pylist() for c in ("arm", "decision_id"))
        first: dict[str, truth.Firsts] = {}
        trigger = np.array(rows["trigger"].to_pylist(), dtype=np.str_)
        for name in sorted(set(trigger.tolist()) & set(yardsticks)):
            of = np.flatnonzero(trigger == name).tolist()
            unit, arm, decision = ([column[k] for k in of] for column in (units, arms, decisions))
            first[name] = truth.firsts(unit, person[of], need[of], at[of], arm, decision)
        return truth.effects(self._bank, self._log, first, yardsticks)

    def potential_outcomes(self) -> pa.Table:
        """Return what each need comes to alone and under each answer, to be written apart."""
        return potential_outcomes(self._bank, self._finder)

    def path(self, without: str | None = None) -> dict[str, pa.Table]:
        """Return all rows of all times as played, or as if one trigger's answers were not given.

        Part of the truth: for tests and for whoever judges the engine, never for the engine.
        """
        taken = self._taken
        if without is not None:
            taken = self._course_of(self._log, self._log.trigger != without)
        return {relation.name: self._all(relation.name, taken) for relation in TOLD}

    def _all(self, name: str, taken: _Taken) -> pa.Table:
        parts = [taken.as_drawn(rows) for rows in self._bank.between(name, -1, NEVER)]
        parts += taken.instead(name)
        if name in self._consequences:
            parts.append(taken.course.table(self._consequences[name]))
        return pa.concat_tables(parts)

    def _told(self, after: int, until: int) -> dict[str, pa.Table]:
        return {relation.name: self._between(relation.name, after, until) for relation in TOLD}

    def _between(self, name: str, after: int, until: int) -> pa.Table:
        told = [self._taken.as_drawn(rows) for rows in self._bank.between(name, after, until)]
        for late in (self._taken.crowded.rows.get(name), self._consequences.get(name)):
            if late is not None:
                due = np.flatnonzero((late.known > after) & (late.known <= until))
                told.append(self._taken.course.table(late.take(due)))
        there = [part for part in told if part.num_rows]
        return pa.concat_tables(there) if there else arrow_schema(ARCHIVED[name]).empty_table()

    def _take(self, offers: pa.Table) -> None:
        """Log the answers to new offers and change what is to come."""
        log, answered = answers(
            self._bank, self._finder, self._taken.course, self._told_until, offers
        )
        for k, one in enumerate(log.decision.tolist()):
            self._answers[one] = (responses.ANSWERS[log.mode[k]], int(answered[k]))
        self._remember(log.take(np.flatnonzero(log.mode != responses.ABSENT)))

    def _remember(self, log: Log) -> None:
        if not len(log):
            return
        for name, made in consequences.rows(self._bank, log, len(self._log)).items():
            before, rows = self._consequences.get(name), self._bank.telling(name, made)
            self._consequences[name] = rows if before is None else together((before, rows))
        self._log = self._log.plus(log)
        self._taken = self._course_of(self._log)
        self._finder.learn(self._taken.crowded.rows)

    def _course_of(self, log: Log, kept: Flags | None = None) -> _Taken:
        crowd = crowding.crowded(self._bank, log, kept)
        return _Taken(course(crowd.bank.needs, self._bank.people.closed, log, kept), crowd)


@dataclass(frozen=True, slots=True)
class _Taken:
    """The course that the world takes, and the queues in it."""

    course: Course
    crowded: crowding.Crowded

    def as_drawn(self, rows: Rows) -> pa.Table:
        """Return those rows of the bank left alone that happen."""
        return self.course.table(rows, self.crowded.changed_from)

    def instead(self, name: str) -> list[pa.Table]:
        """Return the rows that happen in their stead because the queues are fuller."""
        rows = self.crowded.rows.get(name)
        return [] if rows is None else [self.course.table(rows)]
