"""What an answer leads to: the conversation, the application sent after all, the complaint."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from engage.domain.appointments import APPOINTMENTS
from engage.domain.events import EVENTS
from engage.domain.ids import Prefix, derive_column
from engage.domain.interactions import INTERACTIONS
from engage.domain.people import LINKS
from engage.domain.transactions import TRANSACTIONS
from engage.simulate import appointments, contacts, money, pages
from engage.simulate import visits as v
from engage.simulate.bank import Bank
from engage.simulate.calendar import HOUR, MINUTE, SECOND
from engage.simulate.course import CONCERN, HELPED, MATTER, MEETING, PUT_OFF, Log
from engage.simulate.journeys import NAMES
from engage.simulate.responses import CHAT, SPOKEN
from engage.simulate.streams import Flags, Ints
from engage.simulate.tables import NO_NEED, Rows, arrow, together, words

IDENTIFIED_BEFORE = 70 * SECOND
"""So long before they are done, helped visitors say who they are."""


@dataclass(frozen=True, slots=True)
class _Lines:
    """Some lines of the log: their numbers in it and their contents."""

    log: Log
    first: int
    index: Ints

    def of(self, column: str) -> Ints:
        return np.asarray(getattr(self.log, column)[self.index])

    def ids(self, prefix: Prefix, what: list[str]) -> pa.Array:
        """Return ids that follow from the decisions, whenever and in whatever order they come."""
        decisions = self.log.decision[self.index].tolist()
        keys = (["simulated"] * len(what), decisions, what)
        return pa.array(derive_column(prefix, *keys), pa.string())

    def rows(self, table: pa.Table, ts: Ints, known: Ints, *, always: bool = False) -> Rows:
        """Return rows that stand while these lines do, and unless `always`, while they decide."""
        n = len(self.index)
        return Rows.of(
            table,
            known=known,
            ts=ts,
            person=self.of("person"),
            log=self.first + self.index,
            conditional=np.full(n, not always, dtype=np.bool_),
        )


def rows(bank: Bank, log: Log, first: int) -> dict[str, Rows]:
    """Return, by relation, the rows that some lines of the log lead to; no entry where none.

    `first` is the number that the first of these lines has in the whole log. Rows of answers that
    turn out not to decide their need do not happen; the conversations do.
    """
    kind, known = bank.needs.kind[log.need], log.need >= 0

    def lines(which: Flags) -> _Lines:
        return _Lines(log, first, np.flatnonzero(which))

    finishing = lines(known & (kind == MATTER) & (log.outcome == HELPED))
    identifying = lines((log.outcome == HELPED) & _unknown_yet(bank, log))
    complaining = lines(known & (kind == CONCERN) & (log.outcome == PUT_OFF))
    coming = lines(known & (kind == MEETING) & (log.outcome == HELPED))
    made = (
        (EVENTS, _finish, finishing),
        (EVENTS, _complaints, complaining),
        (LINKS, _links, identifying),
        (INTERACTIONS, _conversations, lines(np.isin(log.mode, SPOKEN))),
        (TRANSACTIONS, _products, finishing),
        (APPOINTMENTS, _kept, coming),
    )
    found: dict[str, Rows] = {}
    for relation, make, some in made:
        if len(some.index):
            parts = [found[relation.name]] if relation.name in found else []
            found[relation.name] = together([*parts, make(bank, some)])
    return found


def _unknown_yet(bank: Bank, log: Log) -> Flags:
    """Return which people have not said in their browser who they are when the answer tells."""
    unknown = np.zeros(len(log), dtype=np.bool_)
    of_page = np.flatnonzero((log.need >= 0) & (log.need < len(bank.matters)))
    matter = log.need[of_page]
    identified = bank.visits.identified[matter] < log.at[of_page]
    unknown[of_page] = bank.matters.anonymous[matter] & ~identified
    return unknown


def _finish(bank: Bank, lines: _Lines) -> Rows:
    """Return the last steps of helped visitors: who they are, form sent, goal reached."""
    unknown = lines.index[_unknown_yet(bank, lines.log)[lines.index]]
    sizes = (len(unknown), len(lines.index), len(lines.index))
    each = _Lines(lines.log, lines.first, np.concatenate([unknown, lines.index, lines.index]))
    step = np.repeat(np.array([v.IDENTIFIED_LATE, v.SENT, v.GOAL], dtype=np.int64), sizes)
    before = np.repeat(np.array([IDENTIFIED_BEFORE, SECOND, 0], dtype=np.int64), sizes)
    matter, matters, ts = each.of("need"), bank.matters, each.of("finish") - before
    steps = pages.Steps(
        ids=each.ids(Prefix.EVENT, [str(one) for one in step.tolist()]),
        who=bank.browsers.of(each.of("person"), matter, step == v.IDENTIFIED_LATE),
        person=each.of("person"),
        step=step,
        ts=ts,
        known=ts + 2 * SECOND,
        journey=matters.journey[matter],
        device=matters.device[matter],
        campaign=matters.campaign[matter],
        amount=matters.amount[matter],
    )
    return each.rows(pages.events(steps, bank.people), ts, ts + 2 * SECOND)


def _links(bank: Bank, lines: _Lines) -> Rows:
    ts = lines.of("finish") - IDENTIFIED_BEFORE
    known = ts + 2 * SECOND
    table = pages.links(bank.browsers, lines.of("person"), lines.of("need"), known)
    return lines.rows(table, ts, known)


def _complaints(bank: Bank, lines: _Lines) -> Rows:
    """Return the complaints about being approached, hours later."""
    n = len(lines.index)
    ids = [lines.ids(Prefix.EVENT, [f"complaint {k}"] * n) for k in range(4)]
    at = complaint_at(lines.of("at"))
    table, ts, index = pages.complaint(ids, bank.people, lines.of("person"), at)
    each = _Lines(lines.log, lines.first, lines.index[index])
    return each.rows(table, ts, ts + 2 * SECOND)


def complaint_at(effective: Ints) -> Ints:
    """Return when somebody who was put off complains."""
    return effective + 5 * HOUR


def _conversations(bank: Bank, lines: _Lines) -> Rows:
    """Return the contacts that the engine started, as the contact centre records them."""
    mode, start = lines.of("mode"), lines.of("at")
    n = len(start)
    chat = mode == CHAT
    pace = bank.responses.pace[lines.of("need")]
    talk = np.round(150.0 + 420.0 * pace, 1)
    end = start + (talk * 1_000).astype(np.int64) * 1_000
    known = end + 2 * MINUTE
    helped = lines.of("outcome") == HELPED
    table = arrow(
        INTERACTIONS,
        n,
        {
            "interaction_id": lines.ids(Prefix.INTERACTION, ["conversation"] * n),
            "person_id": _identity(bank, lines),
            "ts": start,
            "ended_at": end,
            "known_at": known,
            "channel": words(("call", "chat"), chat.astype(np.int64)),
            "direction": "outbound",
            "initiated_by": "engine",
            "topic": words((*contacts.TOPICS, *NAMES), _topics(bank, lines.of("need"))),
            "queue": words(("service", "chat"), chat.astype(np.int64)),
            "wait_s": np.zeros(n),
            "talk_s": talk,
            "wrap_s": np.full(n, 30.0),
            "transfers": np.zeros(n, dtype=np.int64),
            "abandoned": np.zeros(n, dtype=np.bool_),
            "disposition": words(("follow_up", "resolved"), helped.astype(np.int64)),
            "resolved": words(("unknown", "true"), helped.astype(np.int64)),
            "handled_by": "person",
        },
    )
    return lines.rows(table, start, known, always=True)


def _identity(bank: Bank, lines: _Lines) -> pa.Array:
    """Return whom the conversations are recorded for: a browser, until they say who they are."""
    need = lines.of("need")
    unknown = _unknown_yet(bank, lines.log)[lines.index]
    matter = np.where(unknown, need, 0)
    if not unknown.any():
        return bank.people.ids.take(pa.array(lines.of("person")))
    return bank.browsers.of(lines.of("person"), matter, unknown)


def _topics(bank: Bank, need: Ints) -> Ints:
    """Return what each conversation is about; the journey for what began on the page."""
    about_page = len(contacts.TOPICS) + bank.matters.journey
    about_meeting = about_page[bank.meetings.parent]
    topics = np.concatenate([about_page, bank.concerns.topic, about_meeting, [0]])
    return np.asarray(topics[need])


def _products(bank: Bank, lines: _Lines) -> Rows:
    matter, finish = lines.of("need"), lines.of("finish")
    index, month, ts = money.product_months(finish, bank.matters.journey[matter], bank.end)
    each = _Lines(lines.log, lines.first, lines.index[index])
    n = len(index)
    return money.product_rows(
        each.ids(Prefix.TRANSACTION, [f"product {m}" for m in month.tolist()]),
        bank.people,
        each.of("person"),
        bank.matters.journey[matter[index]],
        month,
        ts,
        amount=bank.matters.amount[matter[index]],
        need=np.full(n, NO_NEED, dtype=np.int64),
        finished=finish[index],
        log=lines.first + each.index,
    )


def _kept(bank: Bank, lines: _Lines) -> Rows:
    which = lines.of("need") - bank.first_meeting
    ts = bank.meetings.starts[which] + HOUR
    kept = np.full(len(which), appointments.STATES.index("kept"), dtype=np.int64)
    return appointments.states(
        bank.meetings, bank.people, which, kept, ts, log=lines.first + lines.index
    )
