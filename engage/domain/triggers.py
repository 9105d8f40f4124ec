"""A trigger: when somebody is worth approaching, with what, and how it will be judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from engage.domain.actions import ContactClass
from engage.domain.scores import Subject


class TriggerState(StrEnum):
    """Where a trigger is between an idea and the customer."""

    DRAFT = "draft"
    APPROVED = "approved"
    LIVE = "live"
    PAUSED = "paused"


class Stake(StrEnum):
    """What is at stake when nothing is done."""

    JOURNEY = "journey"
    """Journey margin x (1 - chance to finish)."""
    CUSTOMER = "customer"
    """Twelve-month customer value x chance to leave if nobody follows the contact up."""
    FIXED = "fixed"
    """The trigger's own `stake_minor`."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A named, versioned condition over features and scores, with what may follow from it."""

    name: str
    subject: Subject
    when: str
    actions: tuple[str, ...]
    goal: str
    horizon: timedelta
    contact_class: ContactClass = ContactClass.MARKETING
    stake: Stake = Stake.FIXED
    stake_minor: int = 0
    stake_share: float = 1.0
    """For `customer`: the chance to leave when not helped, where no model says it."""
    journey: str = ""
    validity: timedelta = timedelta(hours=24)
    """How long after the subject's moment the trigger may still fire."""
    holdout: float = 0.5
    exploration: float = 0.1
    band: float = 0.0
    """How far below the threshold of its score subjects are explored, in the score's own unit."""
    aa: bool = False
    """Arms are drawn and logged, and nothing is done on either side."""
    variants: tuple[str, ...] = ()
    version: int = 1
    state: TriggerState = TriggerState.LIVE
    by: str = "settings"
    approved_by: str = ""
