"""What happens to people in one course of the world, and whether that is success."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from engage.simulate.bank import Bank
from engage.simulate.calendar import DAY, NEVER
from engage.simulate.consequences import complaint_at
from engage.simulate.contacts import TOPICS
from engage.simulate.course import CONCERN, HELPED, MATTER, MEETING, PUT_OFF, Course, Log
from engage.simulate.journeys import COMPLAINT, NAMES
from engage.simulate.money import YEAR, opening, yearly_value
from engage.simulate.streams import Flags, Floats, Ints


class What(StrEnum):
    """What a trigger is judged by."""

    FINISHED = "finished"
    """One of some journeys is brought to its goal."""
    RECOVERED = "recovered"
    """No repeat on the topic within the horizon, no complaint, no closed account."""
    KEPT = "kept"
    """The meeting is kept."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """How a trigger's true effect is judged; times in microseconds."""

    what: What
    horizon: int
    journeys: tuple[str, ...] = NAMES
    no_complaint_for: int = 30 * DAY
    no_closing_for: int = 90 * DAY


@dataclass(frozen=True, slots=True)
class Cases:
    """Whose success is asked for: a person, the need it is about, and from when on."""

    person: Ints
    need: Ints
    at: Ints


@dataclass(frozen=True, slots=True)
class Facts:
    """What happens in one course of the world."""

    done_person: Ints
    done_journey: Ints
    done_at: Ints
    contact_person: Ints
    contact_topic: Ints
    contact_at: Ints
    complaint_person: Ints
    complaint_at: Ints
    closed: Ints
    """[person]"""
    kept: Flags
    """[meeting]"""


def facts(bank: Bank, log: Log, course: Course) -> Facts:
    """Return what happens when the world takes this course."""
    decides, kind = course.decisive[:-1] & course.kept[:-1], bank.needs.kind[log.need]
    helped = decides & (log.outcome == HELPED)
    done_person, done_journey, done_at = _done(bank, log, course, helped & (kind == MATTER))
    contact, at = bank.concerns.c_concern, bank.concerns.c_start
    contacts = _happens(bank, course, bank.first_concern + contact, at)
    filed = done_journey == COMPLAINT
    complaints, complained = _complaints(
        bank, log, course, decides & (log.outcome == PUT_OFF) & (kind == CONCERN)
    )
    kept = bank.meetings.kept.copy()
    kept[log.need[helped & (kind == MEETING)] - bank.first_meeting] = True
    return Facts(
        done_person=done_person,
        done_journey=done_journey,
        done_at=done_at,
        contact_person=bank.concerns.person[contact[contacts]],
        contact_topic=bank.concerns.topic[contact[contacts]],
        contact_at=at[contacts],
        complaint_person=np.concatenate([done_person[filed], complaints]),
        complaint_at=np.concatenate([done_at[filed], complained]),
        closed=course.closed,
        kept=kept,
    )


def succeeds(bank: Bank, now: Facts, cases: Cases, by: Yardstick) -> Flags:
    """Return for each case whether it ends well by this yardstick."""
    if by.what is What.KEPT:
        meeting = cases.need - bank.first_meeting
        return np.asarray(now.kept[meeting] & (bank.meetings.starts[meeting] > cases.at))
    if by.what is What.FINISHED:
        wanted = np.isin(now.done_journey, [NAMES.index(name) for name in by.journeys])
        done = _Times.of(bank, now.done_person[wanted], now.done_at[wanted])
        return done.any_in(cases.person, cases.at, by.horizon)
    topics = np.append(bank.concerns.topic, -1)
    concern = np.where(cases.need >= 0, cases.need - bank.first_concern, -1)
    repeats = _Times.of(bank, now.contact_person * len(TOPICS) + now.contact_topic, now.contact_at)
    again = repeats.any_in(cases.person * len(TOPICS) + topics[concern], cases.at, by.horizon)
    complaints = _Times.of(bank, now.complaint_person, now.complaint_at)
    complained = complaints.any_in(cases.person, cases.at, by.no_complaint_for)
    left = now.closed[cases.person] - cases.at <= by.no_closing_for
    return np.asarray(~again & ~complained & ~left)


def value_minor(bank: Bank, now: Facts, cases: Cases) -> Floats:
    """Return the margin of each person's twelve months from their case on, in minor units.

    What they hold earns its usual margin until the account is closed, and so does every product
    that an application in this year leads to, from its opening.
    """
    ends = np.minimum(now.closed[cases.person], cases.at + YEAR)
    usual = 12 * bank.usual_margin.sum(axis=1)[cases.person]
    value = usual * np.maximum(ends - cases.at, 0) / YEAR
    case, done = _pairs(cases.person, now.done_person)
    new = now.done_at[done] > cases.at[case]
    case, done = case[new], done[new]
    opened = opening(now.done_at[done], now.done_journey[done])
    held = np.maximum(ends[case] - opened, 0)
    np.add.at(value, case, yearly_value(now.done_journey[done]) * held / YEAR)
    return np.asarray(value)


@dataclass(frozen=True, slots=True)
class _Times:
    """Times under keys, in milliseconds since the books began, sorted so that spans are found."""

    sorted: Ints
    first: int
    span: int

    @staticmethod
    def of(bank: Bank, key: Ints, at: Ints) -> _Times:
        span = (bank.end + YEAR - bank.first) // 1_000
        return _Times(np.sort(key * span + (at - bank.first) // 1_000), bank.first, span)

    def any_in(self, key: Ints, after: Ints, horizon: int) -> Flags:
        """Return whether anything happens under each key in (after, after + horizon]."""
        low = key * self.span + (after - self.first) // 1_000
        before = np.searchsorted(self.sorted, low, side="right")
        by_then = np.searchsorted(self.sorted, low + horizon // 1_000, side="right")
        return np.asarray(by_then > before)


def _pairs(wanted: Ints, keys: Ints) -> tuple[Ints, Ints]:
    """Return the pairs (place in `wanted`, place in `keys`) that hold the same key."""
    order = np.argsort(keys, kind="stable")
    low, high = (np.searchsorted(keys[order], wanted, side=side) for side in ("left", "right"))
    many = high - low
    left = np.repeat(np.arange(len(wanted)), many)
    within = np.arange(len(left)) - np.repeat(np.cumsum(many) - many, many)
    return left, order[np.repeat(low, many) + within]


def _done(bank: Bank, log: Log, course: Course, helped: Flags) -> tuple[Ints, Ints, Ints]:
    alone = _happens(bank, course, np.arange(len(bank.matters)), bank.visits.finished)
    person = np.concatenate([bank.matters.person[alone], log.person[helped]])
    matter = np.concatenate([np.flatnonzero(alone), log.need[helped]])
    at = np.concatenate([bank.visits.finished[alone], log.finish[helped]])
    there = at <= course.closed[person]
    return person[there], bank.matters.journey[matter[there]], at[there]


def _complaints(bank: Bank, log: Log, course: Course, put_off: Flags) -> tuple[Ints, Ints]:
    concern = np.arange(len(bank.concerns))
    alone = _happens(bank, course, bank.first_concern + concern, bank.concerns.complains)
    person = np.concatenate([bank.concerns.person[alone], log.person[put_off]])
    at = np.concatenate([bank.concerns.complains[alone], complaint_at(log.at[put_off])])
    there = at <= course.closed[person]
    return person[there], at[there]


def _happens(bank: Bank, course: Course, need: Ints, at: Ints) -> Flags:
    there = (at < course.cancelled[need]) & (at <= course.closed[bank.needs.person[need]])
    return np.asarray(there & (at != NEVER))
