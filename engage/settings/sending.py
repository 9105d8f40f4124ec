"""How messages leave: whether they do at all, how often they are tried, through whom."""

from __future__ import annotations

from typing import Literal

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


class Replies(Section):
    """What customers write back, and what is said to it."""

    stop_scope: Literal["all", "channel"] = key(
        "what a STOP stops: all: every proactive contact; channel: that channel to that number "
        "alone, which the audit log tells",
        "all",
    )
    provider_answers: bool = key(
        "the provider answers a bare STOP, START or HELP by itself, as Twilio does unless told "
        "otherwise; then Engage answers other wordings only",
        default=True,
    )
    stop: str = key(
        "what is said once to STOP",
        "{{ company }}: you will get no more messages. Reply START to hear from us again.",
        unit="Liquid",
    )
    start: str = key(
        "what is said to START",
        "{{ company }}: you will hear from us again. Reply STOP to opt out.",
        unit="Liquid",
    )
    help: str = key(
        "what is said to HELP, at most once a day",
        "{{ company }}: we write about what you asked us or left unfinished. "
        "Reply STOP to opt out.",
        unit="Liquid",
    )


class Channels(Section):
    """The ways out of the building."""

    public_url: str = key(
        "address under which the provider reaches us, by which its signatures are checked; empty: "
        "it is not told where to report, and reports are refused",
        "",
        unit="URL",
        pattern=r"^(https://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~-]+)*)?$",
    )
    sms: SmsChannel = key("text messages", SmsChannel)
    callback: CallbackChannel = key("calls", CallbackChannel)
