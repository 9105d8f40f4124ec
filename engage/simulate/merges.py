"""Browsers and the people behind them: known only days later, or shared by a household."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from engage.domain.ids import Prefix, derive_column
from engage.simulate import pages
from engage.simulate import visits as v
from engage.simulate.calendar import DAY, HOUR, MINUTE, NEVER, SECOND
from engage.simulate.journeys import Matters
from engage.simulate.pages import Browsers
from engage.simulate.people import SOURCE, People
from engage.simulate.streams import Draws, Ints
from engage.simulate.tables import Rows
from engage.simulate.visits import Visits

LATER = 0.5
"""The share of browsers nobody knew that turn out days later to be a customer's."""
HOUSEHOLDS = 0.15
"""The share of pairs of neighbours in the books who live together and share one browser."""


def shared(who: Browsers, people: People, matters: Matters, seed: int) -> Browsers:
    """Return browsers of which some are one and the same for the two people of a household."""
    home = np.arange(len(people)) // 2
    together = Draws(seed, "households").uniform("share", len(people)) < HOUSEHOLDS
    matter = np.flatnonzero(together[2 * home[matters.person]])
    names = [f"household-{one}" for one in home[matters.person[matter]].tolist()]
    ids = derive_column(Prefix.PERSON, [SOURCE] * len(names), names)
    place = np.arange(len(matters))
    place[matter] = len(matters) + np.arange(len(matter))
    both = pa.concat_arrays([who.anonymous, pa.array(ids, pa.string())])
    return Browsers(who.customers, both.take(pa.array(place)))


def known_later(matters: Matters, visits: Visits, seed: int) -> tuple[Visits, Ints]:
    """Return the visits with later identifications, and the matters these belong to.

    One to ten days after the last visit the same browser logs in; by then an arm may have been
    drawn for it.
    """
    draws, n = Draws(seed, "merges"), len(matters)
    later = matters.anonymous & (visits.identified == NEVER)
    later &= draws.uniform("later", n) < LATER
    after = DAY + (draws.uniform("after", n) * 9 * 24).astype(np.int64) * HOUR
    ended = np.zeros(n, dtype=np.int64)
    np.maximum.at(ended, visits.matter, visits.end)
    identified = np.where(later, ended + after + 7 * MINUTE, visits.identified)
    return replace(visits, identified=identified), np.flatnonzero(later)


def rows(
    matter: Ints, visits: Visits, matters: Matters, people: People, who: Browsers, seed: int
) -> tuple[Rows, Rows]:
    """Return the events in which these browsers say who they are, and the links they make."""
    n, person, ts = len(matter), matters.person[matter], visits.identified[matter]
    known = ts + 2 * SECOND
    steps = pages.Steps(
        ids=Draws(seed, "merges").ids(Prefix.EVENT, n),
        who=who.of(person, matter, np.ones(n, dtype=np.bool_)),
        person=person,
        step=np.full(n, v.IDENTIFIED, dtype=np.int64),
        ts=ts,
        known=known,
        journey=matters.journey[matter],
        device=matters.device[matter],
        campaign=matters.campaign[matter],
        amount=matters.amount[matter],
    )
    said, joined = pages.events(steps, people), pages.links(who, person, matter, known)
    return (
        Rows.of(said, known=known, ts=ts, person=person, need=matter),
        Rows.of(joined, known=known, ts=ts, person=person, need=matter),
    )


def ambiguous(aliases: list[str], owners: list[str]) -> frozenset[str]:
    """Return the browsers that were said to be two people's: they are nobody's in particular."""
    first: dict[str, str] = {}
    pairs = zip(aliases, owners, strict=True)
    return frozenset(alias for alias, owner in pairs if first.setdefault(alias, owner) != owner)
