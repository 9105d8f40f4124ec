"""The settings' policy, caps and shares as the one object that decisions obey."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from datetime import timedelta
from zoneinfo import ZoneInfo

from engage.decide.hours import Window
from engage.decide.rules import Caps, Hours, Rules
from engage.domain.actions import ChannelName, ContactClass
from engage.settings import Settings
from engage.settings.policy import Window as Written
from engage.store.ledger import Cap
from engage.store.messages_a_day import DayBudget

_MONTH = timedelta(days=365.25 / 12)
_OBEYED = ("policy", "caps", "deciding", "assignment", "actions", "journeys")


def rules_of(settings: Settings) -> Rules:
    """Return the rules in force, with a version that changes whenever one of them does."""
    caps, deciding = settings.caps, settings.deciding
    return Rules(
        version=policy_version(settings),
        windows={
            country: {one: _hours(row.of(one)) for one in ContactClass}
            for country, row in settings.policy.windows.items()
        },
        regions={place: _hours(row.hours) for place, row in settings.policy.regions.items()},
        end_guard=timedelta(minutes=settings.policy.end_guard_min),
        consent_life=settings.policy.consent_months * _MONTH,
        caps=Caps(**{one.name: getattr(caps, one.name) for one in fields(Caps)}),
        epoch=settings.assignment.epoch,
        holdout_global=settings.assignment.holdout_global,
        rotation_d=settings.assignment.rotation_d,
        washout_d=settings.assignment.washout_d,
        long_term=settings.assignment.long_term,
        long_term_until=settings.assignment.until,
        exploration_floor=deciding.exploration_floor,
        minimum_minor=deciding.minimum_minor,
        stale_after=timedelta(hours=deciding.stale_h),
        slot_lead=timedelta(minutes=deciding.slot_lead_min),
        slots_offered=deciding.slots_offered,
        attempt_min=deciding.attempt_min,
    )


def policy_body(settings: Settings) -> str:
    """Return, as JSON, all settings that a decision obeys besides trigger, person and plan."""
    told = settings.model_dump(mode="json", by_alias=True, include=set(_OBEYED))
    return json.dumps(told, sort_keys=True)


def policy_version(settings: Settings) -> str:
    """Return a short fingerprint of `policy_body`: what changes a decision changes it."""
    return fingerprint(policy_body(settings))


def fingerprint(body: str) -> str:
    """Return the version that a policy of this body has."""
    return hashlib.sha256(body.encode()).hexdigest()[:12]


def day_budgets(settings: Settings) -> tuple[DayBudget, ...]:
    """Return the budgets of messages that everybody shares, for the channels that have one."""
    zone, most = ZoneInfo(settings.project.zone), settings.channels.sms.budget_day
    return (DayBudget(ChannelName.SMS, most, zone),) if most else ()


def _hours(written: tuple[Written, ...]) -> Hours:
    return tuple(Window.of(one.days, one.opens, one.closes) for one in written)


def budget_of(settings: Settings) -> tuple[Cap, ...]:
    """Return the contact budget as the ledger reserves it, exact in the committing transaction."""
    caps, day = settings.caps, timedelta(days=1)
    return (
        Cap(caps.sms_24h, day, ChannelName.SMS),
        Cap(caps.sms_7d, 7 * day, ChannelName.SMS),
        Cap(caps.sms_30d, 30 * day, ChannelName.SMS),
        Cap(caps.call_24h, day, ChannelName.CALLBACK),
        Cap(caps.call_7d, 7 * day, ChannelName.CALLBACK),
        Cap(caps.chat_session, day, ChannelName.CHAT_OFFER, per_subject=True),
        Cap(caps.chat_24h, day, ChannelName.CHAT_OFFER),
        Cap(caps.ceiling_24h, day),
    )
