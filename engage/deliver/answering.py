"""What Engage says to a STOP, a START or a HELP: one message, through the outbox like any other.

It goes to whoever has just written, so it waits for no hours and asks for no consent; a STOP is
confirmed within five minutes or not at all (47 CFR 64.1200(a)(12)).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from engage.channels.templates import compose
from engage.decide.naming import reference
from engage.domain.actions import ContactClass
from engage.domain.ids import Prefix, derive
from engage.domain.replies import Meaning, Reply
from engage.store import Tx, outbox, people

ACTIONS = {
    Meaning.STOP: "stop_confirmed",
    Meaning.START: "start_confirmed",
    Meaning.HELP: "help_given",
}
LIFE = {
    Meaning.STOP: timedelta(minutes=5),
    Meaning.START: timedelta(minutes=30),
    Meaning.HELP: timedelta(minutes=30),
}
_EVER = timedelta(days=3650)


@dataclass(frozen=True)
class Words:
    """What is said to each, and in whose name."""

    company: str
    wordings: Mapping[Meaning, str]
    secret: bytes
    """Under which reference codes are drawn."""


def answer(
    tx: Tx,
    reply: Reply,
    reply_id: str,
    kind: Meaning,
    holders: Sequence[str],
    words: Words,
    now: datetime,
) -> bool:
    """Put one answer in the outbox; False where we never knew of the number, and say nothing."""
    written = outbox.last_to(tx, reply.sender, reply.channel, now - _EVER)
    known = sorted(set(people.canonical(tx, holders).values()))
    whose = written["person_id"] if written else next(iter(known), "")
    if not whose:
        return False
    code = reference(words.secret, reply_id)
    values = {"company": words.company}
    row = {
        "message_id": derive(Prefix.MESSAGE, reply_id),
        "decision_id": reply_id,
        "person_id": whose,
        "channel": reply.channel,
        "action": ACTIONS[kind],
        "class": str(ContactClass.REQUESTED),
        "destination": reply.sender,
        "body": compose(words.wordings[kind], values, reference=code, first=False).text,
        "reference": code,
        "details": json.dumps({}),
        "due_at": now,
        "expires_at": now + LIFE[kind],
    }
    return bool(outbox.add(tx, pa.Table.from_pylist([row]), now).all())
