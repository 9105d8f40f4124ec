"""How messages leave: whether they do at all, how often they are tried, through whom."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal, Self

from pydantic import model_validator

from engage.settings.base import Family, Section, key

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
TWILIO = "https://api.twilio.com"


class Assignment(Section):
    """Who is held out of everything, to measure what the engine changes as a whole."""

    epoch: str = key("a new name draws all arms anew; people keep the arm they have", "1")
    holdout_global: float = key("share of people never approached", 0.1, ge=0, lt=1)
    rotation_d: int = key(
        "after how many days the turn of those people ends and others are drawn, 0: never; an arm "
        "that somebody has holds until the end that it was given with",
        0,
        unit="days",
        ge=0,
    )
    washout_d: int = key(
        "how long somebody who was held out then counts on neither side and is not drawn",
        30,
        unit="days",
        ge=0,
    )
    long_term: float = key(
        "share of people left alone until long_term_until, whatever else is drawn", 0.0, ge=0, lt=1
    )
    long_term_until: str = key(
        "the day on which that ends, not before; named when long_term is above 0",
        "",
        unit="YYYY-MM-DD",
    )

    @property
    def until(self) -> date | None:
        """Return the day on which the long-term group ends; None without one."""
        return date.fromisoformat(self.long_term_until) if self.long_term_until else None

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.long_term_until and not _DAY.fullmatch(self.long_term_until):
            raise ValueError(
                f"long_term_until: {self.long_term_until!r} is no day; write it as 2027-12-31"
            )
        try:
            until = self.until
        except ValueError as error:
            raise ValueError(
                f"long_term_until: {self.long_term_until!r} is no day: {error}"
            ) from None
        if self.long_term and until is None:
            raise ValueError(
                "long_term: nobody is left alone for ever; name the day on which it ends, "
                'long_term_until = "2027-12-31"'
            )
        return self


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
