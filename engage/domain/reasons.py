"""Why somebody was not contacted: every refusal has a name and a sentence."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """A refusal, stored with the decision it stopped."""

    NO_CONSENT = "no_consent"
    CONSENT_EXPIRED = "consent_expired"
    SUPPRESSED = "suppressed"
    EXCLUDED = "excluded"
    NO_CHANNEL = "no_channel"
    UNKNOWN_ZONE = "unknown_zone"
    QUIET_HOURS = "quiet_hours"
    CAP = "cap"
    RESTING = "resting"
    CEILING = "ceiling"
    OPEN_ACTION = "open_action"
    NO_CAPACITY = "no_capacity"
    NO_BUDGET = "no_budget"
    BELOW_PRICE = "below_price"
    INCIDENT = "incident"
    NOT_APPROVED = "not_approved"
    SENSITIVE = "sensitive"
    STALE_FEATURES = "stale_features"
    GPC = "gpc"
    DUPLICATE = "duplicate"
    EXPIRED = "expired"
    HELD_OUT_GLOBAL = "held_out_global"
    HELD_OUT_TRIGGER = "held_out_trigger"

    @property
    def sentence(self) -> str:
        """Return the refusal in words a colleague understands."""
        return SENTENCES[self]


SENTENCES: dict[Reason, str] = {
    Reason.NO_CONSENT: "The person has not agreed to be contacted this way.",
    Reason.CONSENT_EXPIRED: "The person's agreement is too old to rely on.",
    Reason.SUPPRESSED: "The person has opted out, or the number is on the stop list.",
    Reason.EXCLUDED: "The person is on an exclusion list, for example bereavement or litigation.",
    Reason.NO_CHANNEL: "We hold no number or address for this channel.",
    Reason.UNKNOWN_ZONE: "We do not know where the person is, so we cannot know the hour there.",
    Reason.QUIET_HOURS: "It is outside the hours in which the person may be contacted.",
    Reason.CAP: "The person's contact budget is used up for now.",
    Reason.RESTING: "The person declined recently and is left in peace.",
    Reason.CEILING: "The hard limit of contacts in 24 hours is reached.",
    Reason.OPEN_ACTION: "An earlier offer to this person is still open.",
    Reason.NO_CAPACITY: "No agent is free in time and no slot is left.",
    Reason.NO_BUDGET: "The day's budget of messages is used up.",
    Reason.BELOW_PRICE: "The expected gain is less than the offer costs.",
    Reason.INCIDENT: "An outage is under way, so outreach is paused.",
    Reason.NOT_APPROVED: "The trigger has not been approved by a second person.",
    Reason.SENSITIVE: "The matter is too sensitive for this channel.",
    Reason.STALE_FEATURES: "What we know about the person is too old to act on.",
    Reason.GPC: "The browser asked not to be tracked (Global Privacy Control or Do Not Track).",
    Reason.DUPLICATE: "The same offer was already decided for this moment.",
    Reason.EXPIRED: "The moment has passed; the offer would come too late.",
    Reason.HELD_OUT_GLOBAL: "The person is in the group that is never approached, to measure by.",
    Reason.HELD_OUT_TRIGGER: "The person is in this trigger's held-out group, to measure by.",
}

STOPPED = "The kill switch is on, so nothing goes out at all."
"""Stands before the reasons while everything is stopped; no refusal of one person, so not stored."""
