"""What is done about a customer's message: stopped, started, helped, answered, or put before a person.

All of it in the one transaction that stores the message, so that a STOP which is written down is in
force, with everything that waited for that number cancelled. The same message twice counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engage.collect.replies import understand
from engage.deliver import answering, booking
from engage.domain.actions import ContactClass
from engage.domain.replies import Meaning, Reply, Understood
from engage.store import Tx, audit, ledger, outbox, people, replies, suppressions
from engage.store import context as stored
from engage.store.lock import lock_people
from engage.store.replies import ReplyState

OPT_OUT, MAYBE = "opt_out", "maybe_opt_out"
"""Why somebody is on the stop list: they said so, or may have said so."""
ANSWERABLE = timedelta(days=7)
"""A digit answers a message that left no longer ago than this."""
HELPED = timedelta(hours=24)
"""Help is given to a number once in this time, so that two machines never talk to each other."""
YES, NO = 1, 2

_BARE = {
    Meaning.STOP: frozenset(
        {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
    ),
    Meaning.START: frozenset({"START", "YES", "UNSTOP"}),
    Meaning.HELP: frozenset({"HELP", "INFO"}),
}
"""What Twilio answers by itself; only as a single word ("STOP PLEASE" passes)."""


@dataclass(frozen=True)
class Inbox:
    """What the installation has settled about messages that come in."""

    key: bytes
    """Under which opted-out people and numbers are remembered."""
    words: answering.Words
    own: frozenset[str]
    """Our own numbers: what seems to come from one is never answered."""
    purposes: frozenset[str]
    """What somebody must have agreed to for messages to reach them."""
    rest: timedelta
    """How long somebody who declines is left in peace."""
    only_channel: bool = False
    """A STOP stops its own channel alone; the settings must say so."""
    provider_answers: bool = True


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one message."""

    reply_id: str
    """Empty when it was known already."""
    meaning: Meaning = Meaning.OTHER
    cancelled: int = 0
    """Messages that waited and will not leave."""
    answered: str = ""
    waits: bool = False
    """A person must read it."""


def receive(tx: Tx, reply: Reply, inbox: Inbox, now: datetime) -> Heard:
    """Store a message and do what it asks; for one that is known already, nothing."""
    # What is begun or said about the same people waits until this is in force.
    theirs = people.everyone(tx, people.find(tx, "phone", reply.sender))
    lock_people(tx, [reply.sender, *theirs])
    found = _understood(reply)
    reply_id = replies.add(tx, reply, found, now)
    if not reply_id:
        return Heard("")
    case = Case(tx, reply, reply_id, found, tuple(theirs), inbox, now)
    if not reply.sender or reply.sender in inbox.own:
        heard = case.heard()
    else:
        heard = _DO[found.meaning](case)
    asked = case.asked() if found.meaning is Meaning.DIGIT else None
    replies.note(
        tx,
        reply_id,
        state=ReplyState.WAITING if heard.waits else ReplyState.DONE,
        answered=heard.answered,
        message_id=None if asked is None else asked["message_id"],
    )
    return heard


def _understood(reply: Reply) -> Understood:
    """Return what a message means; the provider's own word goes first, as it acts on it."""
    if reply.opt_out.lower() in {Meaning.STOP, Meaning.START, Meaning.HELP}:
        return Understood(Meaning(reply.opt_out.lower()), rule="the provider said so")
    return understand(reply.body)


@dataclass(frozen=True)
class Case:
    """One message, with all that is needed to do something about it."""

    tx: Tx
    reply: Reply
    reply_id: str
    found: Understood
    theirs: tuple[str, ...]
    """Everybody who holds the number, under every identity."""
    inbox: Inbox
    now: datetime

    @property
    def alone(self) -> str:
        """Return the channel that alone is stopped; empty when everything is."""
        return self.reply.channel if self.inbox.only_channel else ""

    def heard(self, *, cancelled: int = 0, answered: str = "", waits: bool = False) -> Heard:
        """Return what became of it."""
        return Heard(self.reply_id, self.found.meaning, cancelled, answered, waits)

    def asked(self) -> Mapping[str, Any] | None:
        """Return the message that a digit answers, if one left lately."""
        since = self.now - ANSWERABLE
        return outbox.last_to(self.tx, self.reply.sender, self.reply.channel, since)

    def log(self, verb: str, **details: object) -> None:
        """Write into the audit log what was done, under our own id and without personal data."""
        told = {"channel": self.reply.channel, **details}
        audit.add(self.tx, who="customer", verb=verb, what=self.reply_id, at=self.now, details=told)

    def answer(self, kind: Meaning) -> str:
        """Answer, unless the provider has done so; return the kind of answer that was given."""
        bare = self.reply.body.strip().upper() in _BARE[kind]
        if self.reply.opt_out or (self.inbox.provider_answers and bare):
            return str(kind)
        given = answering.answer(
            self.tx, self.reply, self.reply_id, kind, self.theirs, self.inbox.words, self.now
        )
        return str(kind) if given else ""

    def lift(self, person_ids: list[str], reasons: list[str]) -> int:
        """Take these people and the number off the stop list; return how many entries."""
        return sum(
            suppressions.lift(
                self.tx,
                self.inbox.key,
                person_id=person_id,
                number=self.reply.sender,
                channel=self.reply.channel,
                reasons=reasons,
            )
            for person_id in person_ids
        )


def stop(case: Case, *, sure: bool) -> Heard:
    """Stop everything proactive to the number and to everybody who holds it."""
    verb = "opted out" if sure else "may have opted out"
    new = _suppress(case, OPT_OUT if sure else MAYBE)
    cancelled = outbox.cancel(
        case.tx,
        [] if case.alone else case.theirs,
        now=case.now,
        note=verb,
        destination=case.reply.sender,
        channel=case.alone,
        but=answering.ACTIONS[Meaning.STOP],
    )
    calls = 0 if case.alone else booking.cancel_all(case.tx, case.theirs, case.now)
    case.log(verb, stops=case.alone or "all", new=new, messages=len(cancelled), calls=calls)
    if not sure:
        return case.heard(cancelled=len(cancelled), waits=True)
    last = replies.answered(case.tx, case.reply.sender, [Meaning.STOP, Meaning.START])
    told = last is not None and last["answered"] == Meaning.STOP
    said = "" if told else case.answer(Meaning.STOP)
    return case.heard(cancelled=len(cancelled), answered=said)


def _suppress(case: Case, reason: str) -> int:
    tx, key, number = case.tx, case.inbox.key, case.reply.sender
    if reason == OPT_OUT:
        for person_id in ("", *case.theirs):
            suppressions.confirm(
                tx, key, MAYBE, OPT_OUT, person_id=person_id, number=number, channel=case.alone
            )
    if case.alone:
        return suppressions.suppress_channel(
            tx, number, case.alone, key=key, reason=reason, now=case.now
        )
    return people.suppress_number(
        tx, number, key=key, reason=reason, source=case.reply.channel, now=case.now
    )


def _start(case: Case) -> Heard:
    """Contact those again who had agreed to it before they said stop, and nobody else.

    A START that comes late, after a newer STOP, changes nothing.
    """
    said = [Meaning.STOP, Meaning.UNSURE]
    after = case.reply.received_at
    overtaken = replies.said(case.tx, case.reply.sender, said, after=after).num_rows > 0
    agreed = [] if overtaken else _agreed(case)
    lifted = case.lift(agreed, [OPT_OUT, MAYBE])
    case.log("asked to be contacted again", lifted=lifted)
    if not agreed:
        return case.heard(waits=not overtaken)
    return case.heard(answered=case.answer(Meaning.START) if lifted else "")


def _agreed(case: Case) -> list[str]:
    """Return every identity of those holders whose last word on messages is a yes."""
    said = stored.read(case.tx, case.theirs, case.now, case.inbox.key)["consents"].to_pylist()
    yes = {
        row["person_id"] for row in said if row["granted"] and row["purpose"] in case.inbox.purposes
    }
    return sorted(yes)


def _help(case: Case) -> Heard:
    """Say who we are and how to stop, at most once a day."""
    last = replies.answered(case.tx, case.reply.sender, [Meaning.HELP])
    if last is not None and last["stored_at"] > case.now - HELPED:
        return case.heard()
    return case.heard(answered=case.answer(Meaning.HELP))


def _digit(case: Case) -> Heard:
    """Take a digit as the answer to what we asked last: 1 is yes, 2 is no.

    Whoever has said stop since is not called because of it: a person reads it.
    """
    asked, digit = case.asked(), case.found.digit
    if asked is None or digit not in {YES, NO} or _stopped(case):
        return case.heard(waits=True)
    if asked["class"] == ContactClass.REQUESTED:
        # A reminder: who will be there needs nothing more, who cannot needs another time.
        return case.heard(waits=digit == NO)
    if digit == NO:
        ledger.decline(case.tx, asked["decision_id"], case.now + case.inbox.rest)
    else:
        whose = {"decision_id": asked["decision_id"], "person_id": asked["person_id"]}
        booking.call_now(case.tx, **whose, now=case.now)
    return case.heard()


def _stopped(case: Case) -> bool:
    listed = stored.read(case.tx, case.theirs, case.now, case.inbox.key)["suppressions"]
    return bool(listed.num_rows)


_DO: Mapping[Meaning, Callable[[Case], Heard]] = {
    Meaning.STOP: lambda case: stop(case, sure=True),
    Meaning.UNSURE: lambda case: stop(case, sure=False),
    Meaning.START: _start,
    Meaning.HELP: _help,
    Meaning.DIGIT: _digit,
    Meaning.OTHER: lambda case: case.heard(waits=True),
}
