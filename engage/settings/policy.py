"""When a person may be contacted, by country, region and class of contact; data, not code."""

from __future__ import annotations

import re
from typing import Any, Self, get_args

from pydantic import model_serializer, model_validator

from engage.settings.base import Family, Section, key
from engage.settings.outreach import Day

_DAYS: tuple[Day, ...] = get_args(Day)
_COUNTRY = re.compile(r"[A-Z]{2}")
_REGION = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
_WINDOW = re.compile(
    r"^(?P<first>[a-z]{3})(-(?P<last>[a-z]{3}))? "
    r"(?P<opens>([01]\d|2[0-3]):[0-5]\d)-(?P<closes>(([01]\d|2[0-3]):[0-5]\d)|24:00)$"
)


class Window(Section):
    """Days and local hours, written as "mon-sat 09:00-19:00"."""

    days: tuple[Day, ...]
    opens: str
    closes: str

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        return _parts(value) if isinstance(value, str) else value

    @model_serializer
    def __str__(self) -> str:
        ends = dict.fromkeys((self.days[0], self.days[-1]))
        return f"{'-'.join(ends)} {self.opens}-{self.closes}"


def _parts(text: str) -> dict[str, Any]:
    found = _WINDOW.match(text)
    last = found and (found["last"] or found["first"])
    if not found or found["first"] not in _DAYS or last not in _DAYS:
        raise ValueError(f"{text!r} is no window; write it as 'mon-sat 09:00-19:00'")
    days = _DAYS[_DAYS.index(found["first"]) : _DAYS.index(last) + 1]
    if not days or found["opens"] >= found["closes"]:
        raise ValueError(f"{text!r} ends before it begins; split it in two")
    return {"days": days, "opens": found["opens"], "closes": found["closes"]}


class Country(Section):
    """The hours in which people in a country may be called or messaged."""

    service: tuple[Window, ...] = key("for service and what was requested", unit="local time")
    marketing: tuple[Window, ...] = key("for marketing", unit="local time")
    source: str = key("who says so")
    as_of: str = key("when it was looked up", unit="YYYY-MM or YYYY-MM-DD")

    def of(self, contact_class: str) -> tuple[Window, ...]:
        """Return the windows of a class of contact."""
        return self.marketing if contact_class == "marketing" else self.service


class Region(Section):
    """Hours of a state or province, within which the country's hours are narrowed."""

    hours: tuple[Window, ...] = key("for every class of contact", unit="local time")
    source: str = key("who says so")
    as_of: str = key("when it was looked up", unit="YYYY-MM or YYYY-MM-DD")


class Policy(Section):
    """When a person may be contacted; a country without a row is never contacted."""

    end_guard_min: float = key(
        "no message or call in the last minutes of a window", 10.0, unit="minutes", ge=0
    )
    consent_months: int = key("consent unused for this long expires", 24, unit="months", ge=1)
    windows: Family[Country] = key("hours by country", dict, unit="ISO 3166")
    regions: Family[Region] = key(
        "narrower hours by region; one without a row keeps its country's hours",
        dict,
        unit="ISO 3166-2",
    )

    @model_validator(mode="after")
    def _known_codes(self) -> Self:
        for table, codes, shape in (
            ("windows", self.windows, _COUNTRY),
            ("regions", self.regions, _REGION),
        ):
            for code in codes:
                if not shape.fullmatch(code):
                    raise ValueError(f"{table}: {code!r} is no ISO 3166 code such as DE or US-CA")
        return self


class Caps(Section):
    """How often one person may be contacted, over all channels, in rolling time."""

    sms_24h: int = key("text messages in 24 hours", 1, ge=0)
    sms_7d: int = key("text messages in 7 days", 2, ge=0)
    sms_30d: int = key("text messages in 30 days", 4, ge=0)
    call_24h: int = key("call attempts in 24 hours", 1, ge=0)
    call_7d: int = key("call attempts in 7 days", 3, ge=0)
    chat_session: int = key("chat offers in one visit", 1, ge=0)
    chat_24h: int = key("chat offers in 24 hours", 2, ge=0)
    email_7d: int = key("e-mails in 7 days", 1, ge=0)
    rest_h: float = key("peace after somebody declined", 72.0, unit="hours", ge=0)
    ceiling_24h: int = key(
        "contacts in 24 hours; at most 3, as in Florida and Oklahoma", 3, ge=0, le=3
    )
    requested_messages: int = key("messages for one request, outside the caps above", 4, ge=0)
    requested_dials_24h: int = key("dial attempts in 24 hours for one request", 3, ge=0)
