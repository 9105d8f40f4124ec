"""What Twilio tells us by itself: is it really Twilio, and what does it say.

The signature is HMAC-SHA1 over the address Twilio was given and the parameters
(https://www.twilio.com/docs/usage/security). The address is the configured one, so that nothing a
request says of its host or of proxies counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from twilio.request_validator import RequestValidator

from engage.domain.actions import ChannelName
from engage.domain.replies import Reply

STATUS_PATH = "/webhooks/twilio/status"
INBOUND_PATH = "/webhooks/twilio/inbound"
AGAIN = "#rc=5&rp=all"
"""Twilio repeats a report that we do not take, five times, whatever went wrong; else it would not."""

_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_OURS = re.compile(r"[A-Za-z0-9_]{1,64}")
_STATUS = re.compile(r"[a-z_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came in."""

    target: str
    """The raw path and query, exactly as they were asked for."""
    form: Sequence[tuple[str, str]] = ()
    """Its parameters in order; a name may come more than once."""
    signature: str | None = None
    """The header X-Twilio-Signature."""

    def first(self, name: str) -> str:
        """Return a parameter's first value; empty when there is none."""
        return next((value for one, value in self.form if one == name), "")


@dataclass(frozen=True, slots=True)
class Report:
    """What Twilio says of one message of ours."""

    provider_id: str
    status: str
    message_id: str | None
    """Ours, from the address that we gave with the attempt."""
    attempt: int | None
    error_code: str


class _Fields(dict[str, list[str]]):
    """Parameters of which each may have several values, as the validator asks for them."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def genuine(request: Request, *, public_url: str, auth_token: str) -> bool:
    """Return whether Twilio itself has sent this to us; False for whatever cannot be checked."""
    if not (public_url and auth_token and request.signature and request.target.startswith("/")):
        return False
    try:
        return bool(
            RequestValidator(auth_token).validate(
                public_url + request.target, _fields(request), request.signature
            )
        )
    except (AttributeError, IndexError, TypeError, ValueError):
        return False


def sign(request: Request, *, public_url: str, auth_token: str) -> str:
    """Return the signature that Twilio would give a request; for the stand-in and the tests."""
    validator = RequestValidator(auth_token)
    return str(validator.compute_signature(public_url + request.target, _fields(request)))


def _fields(request: Request) -> _Fields:
    fields = _Fields()
    for name, value in request.form:
        fields.setdefault(name, []).append(value)
    return fields


def status_url(public_url: str, message_id: str, attempt: str) -> str:
    """Return the address to which Twilio shall report on one attempt; empty without a public one."""
    if not public_url:
        return ""
    query = urlencode({"message": message_id, "attempt": attempt})
    return f"{public_url}{STATUS_PATH}?{query}{AGAIN}"


def report_of(request: Request) -> Report | None:
    """Return what a genuine request says of a message; None when it says nothing of one.

    Parameters we do not know are left alone, and of a known one the first value counts.
    """
    sid, status = request.first("MessageSid"), request.first("MessageStatus")
    if not _SID.fullmatch(sid) or not _STATUS.fullmatch(status):
        return None
    ours = dict(reversed(parse_qsl(urlsplit(request.target).query)))
    message_id, attempt = ours.get("message", ""), ours.get("attempt", "")
    return Report(
        provider_id=sid,
        status=status,
        message_id=message_id if _OURS.fullmatch(message_id) else None,
        attempt=int(attempt) if re.fullmatch(r"[0-9]{1,4}", attempt) else None,
        error_code=request.first("ErrorCode")[:10],
    )


def reply_of(request: Request, received_at: datetime) -> Reply | None:
    """Return the customer's message that a genuine request brings; None when it brings none."""
    sid, sender = request.first("MessageSid"), request.first("From")
    if not _SID.fullmatch(sid) or not sender:
        return None
    channel, _, number = sender.rpartition(":")
    return Reply(
        provider_id=sid,
        channel=channel or ChannelName.SMS,
        sender=number,
        recipient=request.first("To").rpartition(":")[2],
        body=request.first("Body"),
        received_at=received_at,
        opt_out=request.first("OptOutType"),
        raw=raw(request),
    )


def raw(request: Request) -> dict[str, Any]:
    """Return everything a request said, to be kept as it came."""
    return {"target": request.target, "form": [list(pair) for pair in request.form]}
