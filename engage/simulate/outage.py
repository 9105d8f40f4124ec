"""A day on which the page is broken for half of its visitors: errors, and nothing can be sent."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engage.domain.ids import Prefix
from engage.simulate import pages
from engage.simulate import visits as v
from engage.simulate.calendar import DAY, MINUTE, NEVER, milliseconds
from engage.simulate.journeys import Matters
from engage.simulate.people import People
from engage.simulate.streams import Draws, Flags, Ints
from engage.simulate.tables import Rows
from engage.simulate.visits import Visits

SHARE = 0.5
"""So many of the visits of that day are hit."""
TROUBLE = (v.ERROR, v.ERROR, v.RAGE, v.ERROR, v.RAGE, v.RAGE)
"""What those visitors go through before they give up."""
_SWALLOWED = (v.SENT, v.GOAL, v.IDENTIFIED_LATE)


def day_of(launch: int) -> int:
    """Return the beginning of the day of the outage: the third live one, in UTC."""
    return (launch // DAY + 2) * DAY


@dataclass(frozen=True, slots=True)
class Outage:
    """What the outage makes of matters and visits, and what those who were hit went through."""

    matters: Matters
    visits: Visits
    hit: Ints
    """The visits that it hit."""
    trouble: Ints
    """[hit, step]: when each error and each impatient click happens."""


def strike(matters: Matters, visits: Visits, seed: int, launch: int) -> Outage:
    """Return the world with an outage. Who would have got it done on that day does not.

    Their chance to get it done alone becomes nil; nobody else's changes.
    """
    draws, day = Draws(seed, "outage"), day_of(launch)
    n = len(visits.matter)
    that_day = (visits.start >= day) & (visits.start < day + DAY)
    struck = that_day & (draws.uniform("hit", n) < SHARE)
    hit = np.flatnonzero(struck)
    lost = struck[visits.step_visit] & np.isin(visits.step, _SWALLOWED)
    gaps = milliseconds(3.0 + 22.0 * draws.uniform("trouble", n, len(TROUBLE))[hit])
    trouble = _last_step(visits, lost)[hit, None] + np.cumsum(gaps, axis=1)
    matter = visits.matter[visits.step_visit]
    unfinished = np.zeros(len(matters), dtype=np.bool_)
    unfinished[matter[lost & (visits.step == v.GOAL)]] = True
    nameless = np.zeros(len(matters), dtype=np.bool_)
    nameless[matter[lost & (visits.step == v.IDENTIFIED_LATE)]] = True
    return Outage(
        replace(
            matters,
            finishes=matters.finishes & ~unfinished,
            chance=np.where(unfinished, 0.0, matters.chance),
        ),
        replace(
            visits,
            end=_put(visits.end, hit, trouble[:, -1]),
            hesitates=_put(visits.hesitates, hit, trouble[:, -1]),
            present_until=_put(visits.present_until, hit, trouble[:, -1] + 2 * MINUTE),
            gave_up=visits.gave_up | struck,
            struggled=visits.struggled | struck,
            step_lost=lost,
            # Who did not get to say who they are stays a browser to the end of the visit.
            step_anonymous=visits.step_anonymous | (nameless & matters.anonymous)[matter],
            finished=np.where(unfinished, NEVER, visits.finished),
            identified=np.where(nameless, NEVER, visits.identified),
        ),
        hit,
        trouble,
    )


def rows(outage: Outage, people: People, who: pages.Browsers, seed: int) -> Rows:
    """Return the errors and impatient clicks of those who were hit."""
    draws, matters = Draws(seed, "outage"), outage.matters
    n, each = len(outage.hit), len(TROUBLE)
    matter = np.repeat(outage.visits.matter[outage.hit], each)
    person, ts = matters.person[matter], outage.trouble.ravel()
    known = ts + milliseconds(draws.between("delay", n * each, 1.0, 4.0))
    steps = pages.Steps(
        ids=draws.ids(Prefix.EVENT, n * each),
        who=who.of(person, matter, _nameless(outage, matter, ts)),
        person=person,
        step=np.tile(np.array(TROUBLE, dtype=np.int64), n),
        ts=ts,
        known=known,
        journey=matters.journey[matter],
        device=matters.device[matter],
        campaign=matters.campaign[matter],
        amount=matters.amount[matter],
    )
    table = pages.events(steps, people)
    return Rows.of(table, known=known, ts=ts, person=person, need=matter)


def callers(outage: Outage, base: Visits) -> Ints:
    """Return the visits that the outage defeated and the page's own forms had not."""
    last = base.number == outage.matters.visits[base.matter] - 1
    others: Flags = ~(base.struggled & last)[outage.hit]
    return outage.hit[others]


def _nameless(outage: Outage, matter: Ints, ts: Ints) -> Flags:
    return outage.matters.anonymous[matter] & (ts <= outage.visits.identified[matter])


def _last_step(visits: Visits, lost: Flags) -> Ints:
    """Return when each visit took its last step that was not lost."""
    last = visits.start.copy()
    np.maximum.at(last, visits.step_visit[~lost], visits.step_ts[~lost])
    return last


def _put(values: Ints, where: Ints, new: Ints) -> Ints:
    changed = values.copy()
    changed[where] = new
    return changed
