"""The rules, asked again just before messages leave: much may have changed since the decision.

Exclusion, opt-out, consent, the number, privacy, quiet hours. Caps are not asked again: a message
holds its place in the budget since it was decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from engage.decide import context as decide_context
from engage.decide.board import naive
from engage.decide.consent import standing
from engage.decide.hours import microseconds
from engage.decide.quiet_hours import Calendar
from engage.decide.rules import Rules
from engage.deliver.claim import Verdict
from engage.domain.actions import ON_PAGE, Action, ChannelName, ContactClass
from engage.domain.messages import ANSWERS, Message
from engage.domain.reasons import Reason
from engage.store import Tx, suppressions
from engage.store import context as stored
from engage.store.outbox import Claim

REACHES = {ChannelName.SMS: "phone", ChannelName.CALLBACK: "phone"}
"""The kind of contact point that a channel needs."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Standing:
    """The rules in force, ready to be asked about messages."""

    rules: Rules
    actions: Mapping[str, Action]
    key: bytes
    """Under which opted-out numbers are remembered."""

    def judge(self, tx: Tx, claims: Sequence[Claim], now: datetime) -> dict[str, Verdict]:
        """Return the verdict on each of these messages, by message id."""
        ids = sorted({held.message.person_id for held in claims})
        tables = stored.read(tx, ids, now, self.key)
        purposes = {action.needs for action in self.actions.values()} - {""}
        context = decide_context.build(ids, now, tables, purposes)
        points = tables["contact_points"].select(["person_id", "value"]).to_pydict()
        asked = _Asked(
            people=dict(zip(ids, context.to_dict("records"), strict=True)),
            dissent={purpose: self._dissent(context, purpose, now) for purpose in purposes},
            theirs=set(zip(points["person_id"], points["value"], strict=True)),
            calendar=Calendar(self.rules, microseconds(now)),
        )
        return {held.message.message_id: self._verdict(held, asked) for held in claims}

    def opted_out(self, tx: Tx, message: Message) -> bool:
        """Return whether the person or the number is on the stop list at this moment.

        What answers a customer is the one thing that may follow a STOP, and once; an answer that a
        STOP has overtaken was cancelled with everything else.
        """
        if message.action in ANSWERS:
            return False
        alone = f"{suppressions.CHANNEL}{message.channel}"
        asked = [
            ("person", message.person_id),
            ("number", message.destination),
            (alone, message.destination),
        ]
        candidates = [
            {"person_id": message.person_id, "scope": scope, "value": value}
            for scope, value in asked
            if value
        ]
        return bool(suppressions.hits(tx, self.key, pa.Table.from_pylist(candidates)).num_rows)

    def _dissent(self, context: pd.DataFrame, purpose: str, now: datetime) -> dict[str, Reason]:
        """Return who does not agree to this purpose, or did too long ago."""
        given = context[f"consent:{purpose}"].to_numpy().astype("datetime64[us]")
        missing, expired = standing(given, self.rules, naive(now))
        found = np.select([missing, expired], [Reason.NO_CONSENT, Reason.CONSENT_EXPIRED], "")
        return {who: Reason(why) for who, why in zip(context.index, found, strict=True) if why}

    def _verdict(self, held: Claim, asked: _Asked) -> Verdict:
        message, contact_class = held.message, ContactClass(held.contact_class)
        if message.action in ANSWERS:
            return Verdict()
        action = self.actions.get(message.action)
        if action is None:
            return Verdict(Reason.NOT_APPROVED)
        person = asked.people[message.person_id]
        reason = _refused(person, contact_class, message.channel) or asked.dissent.get(
            action.needs, {}
        ).get(message.person_id)
        if reason is None and message.channel in REACHES:
            # The number that was decided for must still be one of theirs.
            known = (message.person_id, message.destination) in asked.theirs
            reason = None if known else Reason.NO_CHANNEL
        if reason is not None or message.channel in ON_PAGE:
            return Verdict(reason)
        return _hours(person, contact_class, asked.calendar)


@dataclass(frozen=True)
class _Asked:
    """What is known at this moment of the people some messages go to."""

    people: Mapping[str, Mapping[Any, Any]]
    dissent: Mapping[str, Mapping[str, Reason]]
    """By purpose, who does not agree to it."""
    theirs: set[tuple[str, str]]
    """Each person's numbers and addresses."""
    calendar: Calendar


def _refused(person: Mapping[Any, Any], contact_class: ContactClass, channel: str) -> Reason | None:
    if person["excluded"]:
        return Reason.EXCLUDED
    if person["suppressed"] or person.get(f"suppressed:{channel}"):
        return Reason.SUPPRESSED
    private = contact_class is ContactClass.MARKETING and person["gpc"]
    return Reason.GPC if private else None


def _hours(person: Mapping[Any, Any], contact_class: ContactClass, calendar: Calendar) -> Verdict:
    open_ = calendar.open(person["places"], person["zones"], contact_class)
    if open_ is None:
        return Verdict(Reason.UNKNOWN_ZONE)
    first = next((first for first, last in open_ if last > calendar.now), None)
    if first is None:
        return Verdict(Reason.QUIET_HOURS)
    if first <= calendar.now:
        return Verdict()
    return Verdict(Reason.QUIET_HOURS, until=_EPOCH + timedelta(microseconds=first))
