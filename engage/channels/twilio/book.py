"""What the stand-in for Twilio has accepted: created, listed and fetched as Twilio would."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from engage.clock import Clock

VERSION = "2010-04-01"
_E164 = re.compile(r"^\+[1-9]\d{6,14}$")
_PAGE = 50


class Resource(StrEnum):
    """What is kept, by the name it has in the address."""

    MESSAGES = "Messages"
    CALLS = "Calls"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: its status and what its JSON says."""

    status: int
    body: dict[str, Any]


def refusal(status: int, code: int, words: str) -> Answer:
    """Return Twilio's shape of an error."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"code": code, "message": words, "more_info": more, "status": status})


class Book:
    """All messages, or all calls, of one account."""

    def __init__(self, resource: Resource, account_sid: str, clock: Clock) -> None:
        self.resource = resource
        self.account_sid = account_sid
        self.clock = clock
        self.items: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def create(self, form: Mapping[str, str]) -> Answer:
        """Accept what is complete and refuse the rest with Twilio's codes."""
        check = _wrong_message if self.resource is Resource.MESSAGES else _wrong_call
        wrong = check(form)
        if wrong is not None:
            return wrong
        with self._lock:
            item = self._item(form)
            self.items.append(item)
        return Answer(201, item)

    def receive(self, sender: str, to: str, body: str) -> str:
        """Keep a message from a customer's phone; return its id."""
        with self._lock:
            item = self._item({"From": sender, "To": to, "Body": body})
            item |= {
                "direction": "inbound",
                "status": "received",
                "date_sent": item["date_created"],
            }
            self.items.append(item)
        return str(item["sid"])

    def list(self, query: Mapping[str, str]) -> Answer:
        """Return one page, newest first, of what went to (and came from) the numbers asked for, sent since then."""
        with self._lock:
            found = [
                item
                for item in reversed(self.items)
                if query.get("To", item["to"]) == item["to"]
                and query.get("From", item["from"]) == item["from"]
                and _sent_since(item, query.get("DateSent>", ""))
            ]
        size, page = int(query.get("PageSize", _PAGE)), int(query.get("Page", 0))
        start = page * size
        rest = len(found) > start + size
        following = {**query, "Page": page + 1, "PageSize": size}
        path = f"/{VERSION}/Accounts/{self.account_sid}/{self.resource}.json"
        return Answer(
            200,
            {
                self.resource.lower(): found[start : start + size],
                "page": page,
                "page_size": size,
                "uri": f"{path}?{urlencode(query)}",
                "next_page_uri": f"{path}?{urlencode(following)}" if rest else None,
            },
        )

    def fetch(self, sid: str) -> Answer:
        """Return one of them."""
        for item in self.items:
            if item["sid"] == sid:
                return Answer(200, item)
        return refusal(404, 20404, f"The requested resource {sid} was not found")

    def to(self, number: str) -> tuple[dict[str, Any], ...]:
        """Return what went to a number, oldest first: what a test counts."""
        return tuple(item for item in self.items if item["to"] == number)

    def _item(self, form: Mapping[str, str]) -> dict[str, Any]:
        prefix = "SM" if self.resource is Resource.MESSAGES else "CA"
        sid = f"{prefix}{len(self.items) + 1:032x}"
        stamp = format_datetime(self.clock.now(), usegmt=True).replace("GMT", "+0000")
        common = {
            "sid": sid,
            "account_sid": self.account_sid,
            "api_version": VERSION,
            "date_created": stamp,
            "date_updated": stamp,
            "direction": "outbound-api",
            "from": form.get("From"),
            "to": form["To"],
            "price": None,
            "price_unit": "USD",
            "uri": f"/{VERSION}/Accounts/{self.account_sid}/{self.resource}/{sid}.json",
        }
        special = _of_message(form) if self.resource is Resource.MESSAGES else _of_call(form)
        return {**common, **special}


def _sent_since(item: Mapping[str, Any], since: str) -> bool:
    if not since:
        return True
    sent = item.get("date_sent")
    return sent is not None and parsedate_to_datetime(sent) >= datetime.fromisoformat(since)


def _of_message(form: Mapping[str, str]) -> dict[str, Any]:
    service = form.get("MessagingServiceSid")
    return {
        "body": form["Body"],
        "date_sent": None,
        "error_code": None,
        "error_message": None,
        "messaging_service_sid": service,
        "num_media": "0",
        "num_segments": "0" if service else "1",
        "status": "accepted" if service else "queued",
        "subresource_uris": {},
    }


def _of_call(form: Mapping[str, str]) -> dict[str, Any]:
    return {
        "answered_by": None,
        "duration": None,
        "end_time": None,
        "start_time": None,
        "from_formatted": form["From"],
        "to_formatted": form["To"],
        "status": "queued",
        "subresource_uris": {},
    }


def _wrong_message(form: Mapping[str, str]) -> Answer | None:
    if not form.get("To"):
        return refusal(400, 21604, "A 'To' phone number is required.")
    if not _E164.match(form["To"]) or form["To"] == "+15005550001":
        return refusal(400, 21211, f"The 'To' number {form['To']} is not a valid phone number.")
    if not form.get("From") and not form.get("MessagingServiceSid"):
        return refusal(400, 21603, "A 'From' phone number is required.")
    if not form.get("Body"):
        return refusal(400, 21602, "Message body is required.")
    if len(form["Body"]) > 1600:
        return refusal(400, 21617, "The concatenated message body exceeds the 1600 limit.")
    return None


def _wrong_call(form: Mapping[str, str]) -> Answer | None:
    if not _E164.match(form.get("To", "")):
        return refusal(400, 21211, f"The phone number {form.get('To')} is not valid.")
    if not _E164.match(form.get("From", "")):
        return refusal(400, 21212, f"The source phone number {form.get('From')} is not valid.")
    if not form.get("Url") and not form.get("Twiml") and not form.get("ApplicationSid"):
        return refusal(400, 21205, "Url parameter is required.")
    return None
