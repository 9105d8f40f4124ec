"""What customers write back: taken in, asked for, and read by people where that is not clear.

inbox(app) -> Inbox
poll_inbound(app) -> JobReport        the second net: what no webhook has told
waiting(app) -> list[dict]            what somebody must read
judge(app, reply, verdict, by)
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from engage.app.app import App
from engage.channels.sms import Sms
from engage.channels.twilio.client import CLOCK_SKEW
from engage.collect.names import nearest
from engage.deliver import reading
from engage.deliver.answering import Words
from engage.deliver.inbound import Heard, Inbox, receive
from engage.domain.replies import Meaning, Reply
from engage.domain.runs import JobReport
from engage.errors import SendError, StoreUnavailable, WrongUse
from engage.logs import get_logger
from engage.store import marks, replies

MARK = "inbox:sms"
FIRST_LOOK = timedelta(days=7)
"""So far back the first look goes."""
KNOWN = "known already"

_log = get_logger("replies")


def inbox(app: App) -> Inbox:
    """Return what the settings say about messages that come in."""
    channels, its = app.settings.channels, app.settings.replies
    own = {channels.sms.sender, channels.callback.sender} - {""}
    wordings = {Meaning.STOP: its.stop, Meaning.START: its.start, Meaning.HELP: its.help}
    return Inbox(
        key=app.suppression_key,
        words=Words(channels.sms.company, wordings, app.secret),
        own=frozenset(own),
        purposes=frozenset(action.needs for action in app.actions.values()) - {""},
        rest=timedelta(hours=app.settings.caps.rest_h),
        only_channel=its.stop_scope == "channel",
        provider_answers=its.provider_answers,
    )


def take(app: App, reply: Reply) -> Heard:
    """Take in one message: all that it asks for is in force when this returns."""
    with app.store.write() as tx:
        return receive(tx, reply, inbox(app), app.now())


def poll_inbound(app: App) -> JobReport:
    """Take in what the provider lists since the last look, and a little before it.

    A message that cannot be taken stops no other; it is asked for again, because the next look
    begins where this one did. In dry run nobody is asked.
    """
    channel = app.channels.get("sms")
    if not isinstance(channel, Sms):
        return JobReport(note="no text messages are sent from here, so none are asked for")
    now = app.now()
    with app.store.read() as tx:
        last = marks.get(tx, MARK)
    since = datetime.fromisoformat(last) if last else now - FIRST_LOOK
    try:
        found = channel.received(since - CLOCK_SKEW)
    except SendError as error:
        return JobReport(skipped={"the provider's list cannot be read": 1}, note=str(error))
    tally = Counter(_take(app, one) for one in found)
    failed = tally["could not be taken"]
    if not failed:
        with app.store.write() as tx:
            marks.set(tx, MARK, now.isoformat())
    skipped = {word: n for word, n in tally.items() if word in {KNOWN, "could not be taken"}}
    return JobReport(len(found), len(found) - sum(skipped.values()), skipped)


def _take(app: App, reply: Reply) -> str:
    try:
        heard = take(app, reply)
    except StoreUnavailable:
        raise
    except Exception:  # noqa: BLE001 - one message on which we break must not stop a STOP behind it
        _log.exception("a customer's message could not be taken", provider_id=reply.provider_id)
        return "could not be taken"
    return str(heard.meaning) if heard.reply_id else KNOWN


def waiting(app: App) -> list[dict[str, Any]]:
    """Return the messages that somebody must read, the oldest first; numbers stay hidden."""
    shown = ("reply_id", "received_at", "channel", "meaning", "digit", "body")
    with app.store.read() as tx:
        found = replies.waiting(tx).to_pylist()
    return [{name: one[name] for name in shown} for one in found]


def judge(app: App, reply: str, verdict: str, by: str) -> None:
    """Write down what somebody read in a message, and act on it: stop or other.

    Raises WrongUse for another verdict, for nobody's name, and where nobody waits for that.
    """
    known = [str(one) for one in reading.VERDICTS]
    if verdict not in known:
        raise WrongUse(f"{verdict!r} is no verdict: {', '.join(known)}; {nearest(verdict, known)}")
    if not by.strip():
        raise WrongUse("say who has read it: --by NAME")
    meaning = Meaning(verdict)
    with app.store.write() as tx:
        done = reading.judge(tx, reply, meaning, by=by.strip(), inbox=inbox(app), now=app.now())
    if not done:
        raise WrongUse(f"no message {reply!r} waits to be read")
