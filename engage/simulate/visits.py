"""What a visit consists of: pages, calculators, forms, errors, impatient clicks, second thoughts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engage.simulate.calendar import MINUTE, NEVER, SECOND, milliseconds
from engage.simulate.journeys import MOST_VISITS, Matters, of
from engage.simulate.people import People
from engage.simulate.streams import Draws, Flags, Floats, Ints

# The steps of a visit in the order in which they happen.
LANDING, INFO, CALCULATOR, CALCULATED, FORM_PAGE, STARTED, FORM, IDENTIFIED, ERROR, RAGE = range(10)
IDENTIFIED_LATE, SENT, GOAL = 10, 11, 12
STEPS = 13
SECONDS = np.array([0, 22, 18, 32, 24, 2, 2, 15, 28, 5, 14, 40, 1], dtype=np.float64)
"""Usual seconds before each step."""


@dataclass(frozen=True, slots=True)
class Visits:
    """Every visit, and every step of every visit (`step_*`), left alone."""

    matter: Ints
    number: Ints
    start: Ints
    end: Ints
    hesitates: Ints
    """When they pause, with something still undone; NEVER when they do not."""
    present_until: Ints
    """Until when the page stands open before them."""
    gave_up: Flags
    """Left with a form begun and not sent."""
    struggled: Flags
    """Gave up after the form had complained."""
    step_visit: Ints
    step: Ints
    step_ts: Ints
    step_anonymous: Flags
    step_lost: Flags
    """Steps that an outage swallowed: they do not happen."""
    finished: Ints
    """[matter]: when they reach the goal alone, else NEVER."""
    identified: Ints
    """[matter]: when they identify themselves alone, else NEVER."""

    def without_steps(self) -> Visits:
        """Return the visits without their single steps."""
        none, never = np.array([], dtype=np.int64), np.array([], dtype=np.bool_)
        return replace(
            self, step_visit=none, step=none, step_ts=none, step_anonymous=never, step_lost=never
        )


def draw(matters: Matters, people: People, seed: int) -> Visits:
    """Return the visits of these matters."""
    draws = Draws(seed, "visits")
    counts = _counts(matters, people, draws)
    happens = np.arange(MOST_VISITS) < matters.visits[:, None]
    matter, number = np.nonzero(happens)
    counts = counts[happens]
    start = matters.starts[happens]
    visit, step = _steps(counts)
    pauses = _pauses(counts)
    pause = milliseconds(draws.between("pause", len(matter), 45.0, 150.0))
    ts, hesitation = _times(start, visit, step, pauses, pause, draws)
    last = np.append(visit[1:] != visit[:-1], True)
    end = ts[last]
    gave_up = (counts[:, FORM] > 0) & (counts[:, SENT] == 0)
    dozes = gave_up & (draws.uniform("dozes", len(matter)) < 0.5)
    open_for = np.where(
        dozes, milliseconds(draws.between("open_for", len(matter), 660.0, 1_000.0)), pause
    )
    n = len(matters)
    finished = _first(n, matter[visit], ts, step == GOAL)
    identified = _first(n, matter[visit], ts, (step == IDENTIFIED) | (step == IDENTIFIED_LATE))
    return Visits(
        matter=matter,
        number=number,
        start=start,
        end=end,
        hesitates=hesitation,
        present_until=end + open_for,
        gave_up=gave_up,
        struggled=gave_up & (counts[:, ERROR] > 0),
        step_visit=visit,
        step=step,
        step_ts=ts,
        step_anonymous=matters.anonymous[matter[visit]] & (ts <= identified[matter[visit]]),
        step_lost=np.zeros(len(step), dtype=np.bool_),
        finished=finished,
        identified=identified,
    )


def _counts(matters: Matters, people: People, draws: Draws) -> Ints:
    """Return how often each step happens in each visit: [matter, visit, step]."""
    n, shape = len(matters), (len(matters), MOST_VISITS)
    heat, number = matters.heat[:, None], np.arange(MOST_VISITS)
    journey = matters.journey
    finishes = matters.finishes[:, None] & (number == matters.visits[:, None] - 1)
    counts = np.zeros((n, MOST_VISITS, STEPS), dtype=np.int64)
    counts[:, 0, LANDING] = draws.uniform("landing", n) < 0.6
    counts[..., INFO] = 1 + draws.count("info", np.full(shape, 0.8), 3)
    rate = of("calculations", journey)[:, None]
    opens = (rate > 0) & (draws.uniform("calculator", *shape) < 0.85)
    counts[..., CALCULATOR] = opens
    counts[..., CALCULATED] = opens * draws.count("calculated", rate * np.exp(0.4 * heat), 6)
    application = of("application", journey)[:, None] > 0
    begins = np.where(application, 0.30 + 0.13 * heat + 0.05 * number, 0.85)
    form = finishes | draws.chance("form", np.clip(begins, 0.05, 0.9))
    counts[..., FORM_PAGE] = counts[..., FORM] = form
    counts[..., STARTED] = form & application
    trouble = of("errors", journey)[:, None] * 2.4 * (1.1 - people.skill[matters.person][:, None])
    trouble = trouble * np.where(finishes, 0.6, 1.3)
    counts[..., ERROR] = form * draws.count("errors", trouble, 6)
    rage = draws.count("rage", np.full(shape, 0.8), 4)
    counts[..., RAGE] = (counts[..., ERROR] >= 2) * rage
    counts[..., SENT] = counts[..., GOAL] = finishes
    _identify(counts, matters, draws)
    return counts


def _identify(counts: Ints, matters: Matters, draws: Draws) -> None:
    """Mark the one step of an anonymous matter at which the visitor says who they are."""
    shape = counts.shape[:2]
    happens = np.arange(MOST_VISITS) < matters.visits[:, None]
    early = happens & (counts[..., FORM] > 0) & (draws.uniform("identifies", *shape) < 0.45)
    late = happens & (counts[..., SENT] > 0)
    known = np.cumsum(early | late, axis=1)
    first = (known == 1) & (early | late) & matters.anonymous[:, None]
    counts[..., IDENTIFIED] = first & early
    counts[..., IDENTIFIED_LATE] = first & ~early


def _steps(counts: Ints) -> tuple[Ints, Ints]:
    """Return the visit and the kind of every single step, in order."""
    flat = counts.ravel()
    return (
        np.repeat(np.repeat(np.arange(len(counts)), STEPS), flat),
        np.repeat(np.tile(np.arange(STEPS), len(counts)), flat),
    )


def _pauses(counts: Ints) -> Ints:
    """Return the kind of step after which each visitor hesitates; -1 for those who do not."""
    return np.select(
        [counts[:, kind] > 0 for kind in (RAGE, ERROR, CALCULATED)],
        [RAGE, ERROR, CALCULATED],
        default=-1,
    )


def _times(
    start: Ints, visit: Ints, step: Ints, pauses: Ints, pause: Ints, draws: Draws
) -> tuple[Ints, Ints]:
    """Return when each step happens, and when each visitor hesitates."""
    seconds: Floats = SECONDS[step]
    before = milliseconds(0.4 + np.minimum(draws.exponential("seconds", seconds), 6 * seconds))
    opening = np.append(True, visit[1:] != visit[:-1])
    hesitating = step == pauses[visit]
    # Only the last step of that kind is followed by the pause.
    hesitating &= np.append((step[1:] != step[:-1]) | opening[1:], True)
    after_pause = np.append(False, hesitating[:-1]) & ~opening
    before = np.where(after_pause, before + pause[visit], before)
    before[opening] = 0
    elapsed = np.cumsum(before)
    ts = start[visit] + elapsed - elapsed[opening][visit]
    hesitates = np.full(len(start), NEVER, dtype=np.int64)
    hesitates[visit[hesitating]] = ts[hesitating]
    return ts, hesitates


def _first(n: int, matter: Ints, ts: Ints, which: Flags) -> Ints:
    """Return when each matter first takes such a step, else NEVER."""
    first = np.full(n, NEVER, dtype=np.int64)
    np.minimum.at(first, matter[which], ts[which])
    return first


def idle_moments(visits: Visits) -> Ints:
    """Return when ten minutes have passed since somebody gave up a form."""
    return np.asarray(visits.end[visits.gave_up] + 10 * MINUTE + 8 * SECOND)
