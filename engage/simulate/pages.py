"""Visits as the page reports them: rows of `events`, and the links that identification makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engage.domain.events import EVENTS
from engage.domain.ids import Prefix, derive_column
from engage.domain.people import LINKS
from engage.simulate import visits as v
from engage.simulate.calendar import SECOND, milliseconds
from engage.simulate.journeys import CAMPAIGNS, COMPLAINT, DEVICES, JOURNEYS, Matters
from engage.simulate.people import PLACES, SOURCE, ZONES, People
from engage.simulate.streams import Draws, Flags, Ints
from engage.simulate.tables import Rows, arrow, digits, words

TYPES = (
    "page", "page", "page", "track", "page", "track", "form", "identify", "error", "click",
    "identify", "form", "track",
)  # fmt: skip
EVENT_NAMES = (
    None, None, None, "calculator_used", None, "application_started", "form_started", None,
    "field_error", "rage_click", None, "form_submitted", None,
)  # fmt: skip
"""None: pages have no name, and the goal's is the journey's own."""


@dataclass(frozen=True, slots=True)
class Browsers:
    """Under which identity each matter is pursued."""

    customers: pa.Array
    """[person]"""
    anonymous: pa.Array
    """[matter]: a browser of its own for each matter."""

    def of(self, person: Ints, matter: Ints, anonymous: Flags) -> pa.Array:
        """Return the identity under which each row reaches the engine."""
        return pc.if_else(
            pa.array(anonymous),
            self.anonymous.take(pa.array(matter)),
            self.customers.take(pa.array(person)),
        )


def browsers(people: People, matters: Matters) -> Browsers:
    """Return the identities; browsers of people who log in at once are never seen."""
    n = len(matters)
    ranked = pc.binary_join_element_wise("browser-", digits(np.arange(n), 9), "")
    keys = people.key.take(pa.array(matters.person))
    names = pc.binary_join_element_wise(ranked, keys, "-").to_pylist()
    ids = derive_column(Prefix.PERSON, [SOURCE] * n, names)
    return Browsers(people.ids, pa.array(ids, pa.string()))


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps on their way to becoming events, one entry a step."""

    ids: pa.Array
    who: pa.Array
    """The identity each is done under."""
    person: Ints
    step: Ints
    ts: Ints
    known: Ints
    journey: Ints
    device: Ints
    campaign: Ints
    amount: Ints


def events(steps: Steps, people: People) -> pa.Table:
    """Return steps as rows of `events`."""
    return arrow(
        EVENTS,
        len(steps.step),
        {
            "event_id": steps.ids,
            "person_id": steps.who,
            "ts": steps.ts,
            "known_at": steps.known,
            "type": words(TYPES, steps.step),
            "name": _names(steps.step, steps.journey),
            "page": _pages(steps.step, steps.journey),
            "properties": _properties(steps, people),
            "country": words([p.country for p in PLACES], people.place[steps.person]),
            "zone": words(ZONES, people.zone[steps.person]),
        },
    )


def event_rows(
    visits: v.Visits, matters: Matters, people: People, who: Browsers, seed: int
) -> Rows:
    """Return every step of every visit, left alone."""
    draws = Draws(seed, "events")
    matter = visits.matter[visits.step_visit]
    person, n = matters.person[matter], len(matter)
    known = visits.step_ts + milliseconds(draws.between("delay", n, 1.0, 4.0))
    steps = Steps(
        ids=draws.ids(Prefix.EVENT, n),
        who=who.of(person, matter, visits.step_anonymous),
        person=person,
        step=visits.step,
        ts=visits.step_ts,
        known=known,
        journey=matters.journey[matter],
        device=matters.device[matter],
        campaign=matters.campaign[matter],
        amount=matters.amount[matter],
    )
    table = events(steps, people)
    return Rows.of(table, known=known, ts=visits.step_ts, person=person, need=matter)


def complaint(
    ids: list[pa.Array], people: People, person: Ints, at: Ints
) -> tuple[pa.Table, Ints, Ints]:
    """Return a visit of four steps that ends in a complaint at `at`, its times and its rows' index.

    `ids` holds one column of ids for each step; the rows come step by step.
    """
    n, kinds = len(person), (v.FORM_PAGE, v.FORM, v.SENT, v.GOAL)
    index = np.tile(np.arange(n), len(kinds))
    step = np.repeat(np.array(kinds, dtype=np.int64), n)
    ts = at[index] - np.repeat(np.array([95, 93, 1, 0], dtype=np.int64), n) * SECOND
    nothing = np.zeros(len(step), dtype=np.int64)
    steps = Steps(
        ids=pa.concat_arrays(ids),
        who=people.ids.take(pa.array(person[index])),
        person=person[index],
        step=step,
        ts=ts,
        known=ts + 2 * SECOND,
        journey=nothing + COMPLAINT,
        device=nothing,
        campaign=nothing - 1,
        amount=nothing,
    )
    return events(steps, people), ts, index


def complaint_rows(ids: list[pa.Array], people: People, person: Ints, at: Ints, need: Ints) -> Rows:
    """Return such visits over these needs; they stand while the needs take this course at `at`."""
    table, ts, index = complaint(ids, people, person, at)
    known = ts + 2 * SECOND
    return Rows.of(
        table, known=known, ts=ts, person=person[index], need=need[index], anchor=at[index]
    )


def links(who: Browsers, person: Ints, matter: Ints, known: Ints) -> pa.Table:
    """Return the rows that join each matter's browser to its customer."""
    return arrow(
        LINKS,
        len(matter),
        {
            "person_id": who.anonymous.take(pa.array(matter)),
            "canonical_id": who.customers.take(pa.array(person)),
            "known_at": known,
        },
    )


def link_rows(events_of: Rows, visits: v.Visits, who: Browsers) -> Rows:
    """Return a link for each identification, known when the event is."""
    says = np.isin(visits.step, (v.IDENTIFIED, v.IDENTIFIED_LATE)) & ~visits.step_lost
    index = np.flatnonzero(says)
    some = events_of.take(index)
    table = links(who, some.person, some.need, some.known)
    return Rows.of(table, known=some.known, ts=some.ts, person=some.person, need=some.need)


def _names(step: Ints, journey: Ints) -> pa.Array:
    goals = words([j.goal for j in JOURNEYS], journey)
    return pc.if_else(pa.array(step == v.GOAL), goals, words(EVENT_NAMES, step))


def _pages(step: Ints, journey: Ints) -> pa.Array:
    in_form = step >= v.FORM_PAGE
    calculating = (step == v.CALCULATOR) | (step == v.CALCULATED)
    return pc.case_when(
        pc.make_struct(pa.array(step == v.LANDING), pa.array(in_form), pa.array(calculating)),
        pa.scalar("/"),
        words([j.form for j in JOURNEYS], journey),
        words([j.calculator for j in JOURNEYS], journey),
        words([j.info for j in JOURNEYS], journey),
    )


def _properties(steps: Steps, people: People) -> pa.Array:
    """Return the JSON that the page sends along."""
    step = steps.step
    asks = np.isin(step, (v.CALCULATED, v.STARTED, v.GOAL)) & (steps.amount > 0)
    came = (step <= v.INFO) & (steps.campaign >= 0)
    identifies = (step == v.IDENTIFIED) | (step == v.IDENTIFIED_LATE)
    form_step = np.clip(step - v.FORM + 1, 0, 6)
    customers = people.key.take(pa.array(steps.person))
    return pc.binary_join_element_wise(
        '{"journey":"',
        words([j.name for j in JOURNEYS], steps.journey),
        '","device":"',
        words(DEVICES, steps.device),
        '"',
        _field(came, "campaign", words(CAMPAIGNS, np.maximum(steps.campaign, 0)), quoted=True),
        _field(step >= v.FORM, "step", pa.array(form_step).cast(pa.string())),
        _field(asks, "amount", pa.array(steps.amount).cast(pa.string())),
        _field(identifies, "user_id", customers, quoted=True),
        pa.repeat("}", len(step)),
        "",
    )


def _field(there: Flags, key: str, values: pa.Array, *, quoted: bool = False) -> pa.Array:
    quote = '"' if quoted else ""
    text = pc.binary_join_element_wise(f',"{key}":{quote}', values, quote, "")
    return pc.if_else(pa.array(there), text, "")
