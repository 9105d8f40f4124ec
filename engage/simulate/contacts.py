"""Calls, chats and messages: who gets in touch, how long they wait, and whether it helped.

A concern is one matter about which somebody contacts the bank, once or again and again until it is
solved or they give up. How long they wait is the business of `queues`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from engage.domain.interactions import INTERACTIONS
from engage.simulate import queues
from engage.simulate.calendar import DAY, NEVER, SECOND, Calendar, in_office_hours, milliseconds
from engage.simulate.people import People
from engage.simulate.streams import Draws, Fates, Flags, Floats, Ints, sigmoid
from engage.simulate.tables import Rows, arrow, maybe, words

TOPICS = ("payments", "card", "login", "address", "loan", "mortgage")
TOPIC_WEIGHTS = (0.28, 0.22, 0.2, 0.08, 0.12, 0.1)
DIFFICULTY = np.array([-0.2, 0.0, 0.1, -0.5, 0.5, 0.6])
CHANNELS = ("call", "chat", "message")
CHANNEL_WEIGHTS = (0.72, 0.2, 0.08)
QUEUES = ("service", "lending", "chat", "messages")
DISPOSITIONS = ("resolved", "follow_up", "unresolved")
MOST_CONTACTS = 4


@dataclass(frozen=True, slots=True)
class Concerns:
    """Every concern, and every contact about it (`c_*`), left alone."""

    person: Ints
    topic: Ints
    start: Ints
    parent: Ints
    """The matter on the page that it springs from; -1 for none."""
    ends: Ints
    """When the last contact about it is over."""
    complains: Ints
    """When they complain; NEVER for most."""
    leaves: Ints
    """When they close their account over it; NEVER for most."""
    c_concern: Ints
    c_number: Ints
    c_start: Ints
    c_end: Ints
    c_channel: Ints
    c_wait_s: Floats
    c_transfers: Ints
    c_abandoned: Flags
    c_solved: Flags

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True, slots=True)
class Origins:
    """Who has something to call about, and since when."""

    person: Ints
    topic: Ints
    start: Ints
    parent: Ints


def own(
    people: People, seed: int, calendar: Calendar, first: int, last: int, per_week: float
) -> Origins:
    """Return concerns that come up by themselves, `per_week` for an ordinary person."""
    draws = Draws(seed, "concerns")
    rate = per_week * (last - first) / (7 * DAY) * people.activity
    person = np.repeat(np.arange(len(people)), draws.count("number", rate, 30))
    n = len(person)
    return Origins(
        person,
        draws.pick("topic", n, TOPIC_WEIGHTS),
        calendar.utc(people.zone[person], queues.starts(draws, n, calendar, first, last)),
        np.full(n, -1, dtype=np.int64),
    )


def from_page(
    people: People,
    seed: int,
    calendar: Calendar,
    person: Ints,
    journey: list[str],
    left: Ints,
    parent: Ints,
    why: str = "defeated",
) -> Origins:
    """Return the concerns of those who phone because the page defeated them."""
    draws = Draws(seed, why)
    calls = draws.uniform("calls", len(person)) < 0.22
    wait = milliseconds(600.0 + draws.exponential("after", np.full(len(person), 9_000.0)))
    topics = np.array([TOPICS.index(j) if j in TOPICS else 0 for j in journey], dtype=np.int64)
    in_opening = draws.uniform("in_opening", len(person))
    start = in_office_hours(calendar, people.zone[person], left + wait, in_opening)
    return Origins(person[calls], topics[calls], start[calls], parent[calls])


def draw(
    origins: Sequence[Origins | Concerns],
    people: People,
    seed: int,
    calendar: Calendar,
    crowd: queues.Crowd | None = None,
) -> Concerns:
    """Return what becomes of each concern when nobody is approached about it.

    The same people with the same patience; a `crowd` in the queue makes them wait longer.
    """
    person, topic, start, parent = (
        np.concatenate([getattr(o, name) for o in origins])
        for name in ("person", "topic", "start", "parent")
    )
    n = len(person)
    draws = Draws(seed, "contacts")
    zone = people.zone[person]
    goes_on, at = np.ones(n, dtype=np.bool_), start
    ends, solved = start.copy(), np.zeros(n, dtype=np.bool_)
    parts: list[dict[str, np.ndarray]] = []
    for k in range(MOST_CONTACTS):
        contact = _contact(draws, k, at, person, topic, people, calendar, crowd)
        returns = draws.chance(f"returns{k}", np.where(contact["solved"], 0.05, 0.82 - 0.08 * k))
        parts.append(
            {name: column[goes_on] for name, column in contact.items()}
            | {"concern": np.flatnonzero(goes_on), "number": np.full(goes_on.sum(), k)}
        )
        ends = np.where(goes_on, contact["end"], ends)
        solved = np.where(goes_on, contact["solved"], solved)
        goes_on = goes_on & returns
        gap = np.minimum(
            draws.exponential(f"gap{k}", np.full(n, 1.4 * 86_400)) + 3 * 3_600, 5.5 * 86_400
        )
        back = contact["end"] + milliseconds(gap)
        at = in_office_hours(calendar, zone, back, draws.uniform(f"in_opening{k}", n))
    c = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((c["number"], c["concern"]))
    complains, leaves = _lost(draws, ends, ~solved)
    return Concerns(
        person, topic, start, parent, ends, complains, leaves,
        *(c[name][order] for name in (
            "concern", "number", "start", "end", "channel", "wait_s", "transfers", "abandoned",
            "solved",
        )),
    )  # fmt: skip


def _contact(
    draws: Draws,
    k: int,
    at: Ints,
    person: Ints,
    topic: Ints,
    people: People,
    calendar: Calendar,
    crowd: queues.Crowd | None,
) -> dict[str, np.ndarray]:
    """Return the k-th contact of every concern, whether or not it comes to it."""
    n = len(at)
    channel = draws.pick(f"channel{k}", n, CHANNEL_WEIGHTS)
    mean = queues.mean_wait(draws, at, people.zone[person], channel, calendar)
    if crowd is not None:
        mean = mean + crowd.added(channel, at)
    in_full = draws.exponential(f"wait{k}", mean)
    patience = draws.exponential(f"patience{k}", people.patience_s[person]) + 20.0
    abandoned = (channel < 2) & (in_full > patience)
    wait = np.asarray(np.round(np.where(abandoned, patience, in_full), 1), dtype=np.float64)
    transfers = draws.count(f"transfers{k}", np.where(DIFFICULTY[topic] > 0.4, 0.65, 0.35), 3)
    transfers = np.where(abandoned, 0, transfers)
    trouble = (
        -1.15 + DIFFICULTY[topic] + 1.1 * transfers + 0.005 * np.minimum(wait, 400.0)
        - 1.2 * (people.skill[person] - 0.5) + 0.4 * (k > 0)
    )  # fmt: skip
    solved = ~abandoned & ~draws.chance(f"unsolved{k}", sigmoid(trouble))
    talk = np.where(abandoned, 0.0, 90.0 + draws.exponential(f"talk{k}", 200.0 + 90.0 * transfers))
    return {
        "start": at,
        "end": at + milliseconds(wait + talk),
        "channel": channel,
        "wait_s": wait,
        "transfers": transfers,
        "abandoned": abandoned,
        "solved": solved,
    }


def _lost(draws: Draws, ends: Ints, unsolved: Flags) -> tuple[Ints, Ints]:
    """Return when those whose concern was never solved complain, and when they leave."""
    n = len(ends)
    complains = unsolved & (draws.uniform("complains", n) < 0.14)
    leaves = unsolved & (draws.uniform("leaves", n) < 0.18)
    complaint = ends + milliseconds(draws.between("complaint_after", n, 0.2, 6.0) * 86_400)
    leaving = ends + milliseconds(draws.between("leaving_after", n, 3.0, 21.0) * 86_400)
    return np.where(complains, complaint, NEVER), np.where(leaves, leaving, NEVER)


def interaction_rows(
    concerns: Concerns, people: People, first_need: int, seed: int, ids: pa.Array, which: Ints
) -> Rows:
    """Return some contacts as rows of `interactions`; concern k is need `first_need + k`."""
    fates, concern = Fates(ids, seed), concerns.c_concern[which]
    person, topic, channel = concerns.person[concern], concerns.topic[concern], concerns.c_channel
    start, end, wait = concerns.c_start[which], concerns.c_end[which], concerns.c_wait_s[which]
    served, solved = ~concerns.c_abandoned[which], concerns.c_solved[which]
    code = _dispositions(fates, solved)
    known = end + milliseconds(fates.between("recorded", 60.0, 240.0))
    columns = {
        "interaction_id": ids,
        "person_id": people.ids.take(pa.array(person)),
        "ts": start,
        "ended_at": end,
        "known_at": known,
        "channel": words(CHANNELS, channel[which]),
        "direction": "inbound",
        "initiated_by": "customer",
        "topic": words(TOPICS, topic),
        "queue": words(QUEUES, _queues(topic, channel[which])),
        "wait_s": wait,
        "talk_s": np.round((end - start) / SECOND - wait, 1),
        "wrap_s": np.where(served, np.round(fates.between("wrap", 15.0, 90.0), 1), 0.0),
        "transfers": concerns.c_transfers[which],
        "abandoned": ~served,
        "disposition": maybe(words(DISPOSITIONS, code), served),
        "resolved": words(("true", "unknown", "false"), np.where(served, code, 1)),
        "handled_by": maybe(words(("person",), np.zeros(len(which), dtype=np.int64)), served),
        "survey_score": _surveys(fates, served, solved, wait),
    }
    table = arrow(INTERACTIONS, len(which), columns)
    return Rows.of(table, known=known, ts=start, person=person, need=first_need + concern)


def _dispositions(fates: Fates, solved: Flags) -> Ints:
    """Return what the agent noted; agents like to believe that they helped."""
    u = fates.uniform("disposition")
    if_solved = np.where(u < 0.85, 0, 1)
    if_not = np.select([u < 0.4, u < 0.75], [0, 1], default=2)
    return np.where(solved, if_solved, if_not).astype(np.int64)


def _queues(topic: Ints, channel: Ints) -> Ints:
    lending = topic >= TOPICS.index("loan")
    return np.where(channel == 0, lending.astype(np.int64), channel + 1)


def _surveys(fates: Fates, served: Flags, solved: Flags, wait: Floats) -> Floats:
    """Return the marks, 1 to 5, of the quarter who answer."""
    mark = np.where(solved, 4.3, 2.3) - 0.004 * np.minimum(wait, 300.0)
    mark = np.clip(np.round(mark + 0.8 * fates.bell("mark")), 1.0, 5.0)
    return np.where(served & (fates.uniform("answers") < 0.25), mark, np.nan)
