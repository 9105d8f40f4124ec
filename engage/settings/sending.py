"""How messages leave: whether they do at all, how often they are tried, through whom."""

from __future__ import annotations

from engage.settings.base import Family, Section, key

TWILIO = "https://api.twilio.com"


class Assignment(Section):
    """Who is held out of everything, to measure what the engine changes as a whole."""

    epoch: str = key("a new name draws all arms anew; people keep the arm they have", "1")
    holdout_global: float = key("share of people never approached", 0.1, ge=0, lt=1)


class Delivery(Section):
    """The worker that sends what was decided."""

    dry_run: bool = key("nothing leaves the building; messages are only recorded", default=True)
    attempts: int = key("tries before a message is given up", 8, ge=1)
    lease_s: float = key(
        "a worker silent for this long loses its messages", 30.0, unit="seconds", gt=0
    )
    connect_s: float = key("wait for a connection", 3.0, unit="seconds", gt=0)
    read_s: float = key("wait for an answer", 10.0, unit="seconds", gt=0)
    batch: int = key("messages taken at a time", 200, unit="messages", ge=1)


class SmsChannel(Section):
    """Text messages through Twilio; its credentials stand in the environment."""

    base_url: str = key("where the provider answers", TWILIO, unit="URL")
    sender: str = key("number that messages come from", "", unit="E.164")
    messaging_service: str = key("or the messaging service that chooses the number", "")
    budget_day: int = key(
        "the most text messages in a civil day, those that were asked for aside; 0: no limit",
        0,
        unit="messages",
        ge=0,
    )
    company: str = key("name that every message states; yours goes here", "Example Bank")
    bodies: Family[str] = key("wording by action", dict, unit="Liquid")
    purposes: Family[str] = key("what it is about, in a few words, by trigger", dict)


class CallbackChannel(Section):
    """Calls that we make, through Twilio; its credentials stand in the environment."""

    base_url: str = key("where the provider answers", TWILIO, unit="URL")
    sender: str = key("number that the customer sees", "", unit="E.164")


class Channels(Section):
    """The ways out of the building."""

    sms: SmsChannel = key("text messages", SmsChannel)
    callback: CallbackChannel = key("calls", CallbackChannel)
