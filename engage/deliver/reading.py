"""A person has read a customer's message, and says what it means."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engage.deliver.inbound import MAYBE, Case, Inbox, stop
from engage.domain.replies import Meaning, Reply, Understood
from engage.store import Tx, audit, people, replies
from engage.store.lock import lock_people
from engage.store.replies import ReplyState

VERDICTS = (Meaning.STOP, Meaning.OTHER)


def judge(tx: Tx, reply_id: str, verdict: Meaning, *, by: str, inbox: Inbox, now: datetime) -> bool:
    """Take what a person read in a message as its meaning; False when nobody waits for that.

    STOP makes a stop of what was done to be on the safe side. OTHER takes that back, unless another
    message of that number asks for it still, or it is listed for another reason.
    """
    row = replies.get(tx, reply_id)
    if row is None:
        return False
    theirs = people.everyone(tx, people.find(tx, "phone", row["sender"]))
    lock_people(tx, [row["sender"], *theirs])
    if not replies.judge(tx, reply_id, verdict, by, now):
        return False
    case = Case(tx, _reply(row), reply_id, Understood(verdict), tuple(theirs), inbox, now)
    if verdict is Meaning.STOP:
        answered = stop(case, sure=True).answered
        replies.note(tx, reply_id, state=ReplyState.DONE, answered=answered)
    elif row["meaning"] == Meaning.UNSURE and not _another(tx, row["sender"]):
        case.lift(["", *theirs], [MAYBE])
    audit.add(tx, who=by, verb=f"read as {verdict}", what=reply_id, at=now)
    return True


def _another(tx: Tx, sender: str) -> bool:
    """Return whether another message that may mean stop still waits."""
    said = replies.said(tx, sender, [Meaning.UNSURE])
    return ReplyState.WAITING in said["state"].to_pylist()


def _reply(row: dict[str, Any]) -> Reply:
    return Reply(
        provider_id=row["provider_id"],
        channel=row["channel"],
        sender=row["sender"],
        recipient=row["recipient"],
        body=row["body"],
        received_at=row["received_at"],
    )
