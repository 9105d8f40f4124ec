"""The contact policy as data: windows, caps, consent life, shares; one object for a whole run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from engage.decide.hours import Window
from engage.domain.actions import ContactClass

Hours = tuple[Window, ...]
HARD_CEILING = 3
"""Contacts in 24 hours that no setting raises: Florida and Oklahoma allow three."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How often a person may be contacted, rolling, over all triggers; one budget."""

    sms_24h: int = 1
    sms_7d: int = 2
    sms_30d: int = 4
    call_24h: int = 1
    call_7d: int = 3
    chat_session: int = 1
    chat_24h: int = 2
    email_7d: int = 1
    ceiling_24h: int = HARD_CEILING
    requested_messages: int = 4
    """For one request: a confirmation, reminders, a change."""
    requested_dials_24h: int = 3


@dataclass(frozen=True)
class Rules:
    """Everything a decision obeys besides the candidate, the person and the plan."""

    version: str
    windows: Mapping[str, Mapping[str, Hours]]
    """Country, then contact class, to the hours that are allowed; no row means never.

    `requested` takes the hours of `service` where it has no row of its own.
    """
    regions: Mapping[str, Hours] = field(default_factory=dict)
    """Narrower hours of a region, for example `US-CA`; `US-*` is every region without a row.

    Where a country has such rows and the person's region is not known, only the hours that are
    allowed in all of them remain.
    """
    attempts_30d: Mapping[str, int] = field(default_factory=dict)
    """Country to the most contacts in 30 days; a country without a row has no limit of its own."""
    end_guard: timedelta = timedelta(minutes=10)
    """No call to a provider in the last minutes of a window."""
    consent_life: timedelta = timedelta(days=730)
    caps: Caps = field(default_factory=Caps)
    epoch: str = "1"
    holdout_global: float = 0.1
    rotation_d: int = 0
    """Days after which those held out of everything are drawn anew; 0 is never."""
    washout_d: int = 0
    """Days after that in which they count on neither side."""
    long_term: float = 0.0
    long_term_until: date | None = None
    """Until when the long-term group is left alone."""
    exploration_floor: float = 0.05
    """While exploring, every allowed action keeps at least this chance."""
    minimum_minor: int = 0
    """An action worth less than this, all costs taken off, is below price."""
    stale_after: timedelta = timedelta(hours=26)
    """Features older than this are not acted on; a nightly frame lasts a long day."""
    slot_lead: timedelta = timedelta(minutes=15)
    """The earliest offered slot begins this long from now."""
    slots_offered: int = 3
    attempt_min: float = 1.0
    """Minutes of an agent that a call takes which nobody answers."""
    incident: Literal["", "pause", "slots"] = ""
    """During an outage: outreach pauses, or only slots are offered."""
    sensitive_channels: frozenset[str] = frozenset({"callback"})
    """Where a sensitive matter may be spoken of."""

    def hours(self, place: str, contact_class: ContactClass) -> tuple[Hours, ...]:
        """Return the windows that must all be open in a place (`US`, `US-CA`); () is never."""
        country, _, region = place.partition("-")
        by_class = self.windows.get(country, {})
        own = by_class.get(contact_class)
        if own is None and contact_class is ContactClass.REQUESTED:
            own = by_class.get(ContactClass.SERVICE)
        if not own:
            return ()
        if region:
            narrow = self.regions.get(place, self.regions.get(f"{country}-*"))
            return (own,) if narrow is None else (own, narrow)
        prefix = f"{country}-"
        return (
            own,
            *(rows for name, rows in sorted(self.regions.items()) if name.startswith(prefix)),
        )
