"""What Twilio's refusals mean for us, as a table: whose fault, and whether trying again can help.

The codes are Twilio's own (https://www.twilio.com/docs/api/errors). Nothing of Twilio's wording is
repeated in an error, because it holds the customer's number.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)

from engage.channels.base import Misconfigured, OptedOut
from engage.errors import SendError


class Kind(StrEnum):
    """What a refusal asks of us."""

    PERMANENT = "permanent"
    """This recipient cannot be reached this way: give up after one request."""
    PERSON = "person"
    """Somebody must look before anything like it is sent again."""
    CONFIGURATION = "configuration"
    """Our account or settings are wrong: keep the messages and stop asking."""
    TRANSIENT = "transient"
    """Certainly not sent: try again later."""
    AMBIGUOUS = "ambiguous"
    """It may have been sent: look it up, never repeat it blindly."""
    UNCLEAR = "unclear"
    """The carrier does not say why it failed: at most one new attempt, by whoever decides it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One refusal: its kind and, in words, what happened and what to do."""

    kind: Kind
    words: str
    opted_out: bool = False


_P, _C, _T, _U = Kind.PERMANENT, Kind.CONFIGURATION, Kind.TRANSIENT, Kind.UNCLEAR

FAULTS: dict[int, Fault] = {
    21211: Fault(_P, "the number is not valid; correct the customer record"),
    21614: Fault(_P, "the number is not a mobile; offer a call instead"),
    21612: Fault(_P, "no route from our sender to this number; offer another channel"),
    21610: Fault(_P, "the recipient has unsubscribed; the number is suppressed", opted_out=True),
    21635: Fault(_P, "the number is a landline; offer a call instead"),
    30006: Fault(_P, "the number is a landline or out of reach; offer a call instead"),
    30005: Fault(_P, "the carrier does not know the number; correct the customer record"),
    30004: Fault(_P, "the message was blocked on the recipient's side; offer another channel"),
    30007: Fault(Kind.PERSON, "the carrier filtered it; let somebody review the wording"),
    30450: Fault(Kind.PERSON, "it looks like message pumping; let somebody review the traffic"),
    20003: Fault(_C, "the credentials are wrong; check ENGAGE_TWILIO_ACCOUNT_SID and its token"),
    20404: Fault(_C, "the account does not exist; check ENGAGE_TWILIO_ACCOUNT_SID"),
    21606: Fault(_C, "the sender cannot send messages; check the channel's sender"),
    21603: Fault(_C, "no sender is set; set the channel's sender or messaging service"),
    21210: Fault(_C, "the calling number is not verified; check the channel's sender"),
    21212: Fault(_C, "the sender is not a valid number; check the channel's sender"),
    21213: Fault(_C, "no calling number is set; set the channel's sender"),
    21215: Fault(_C, "calls to this country are switched off in the account"),
    21219: Fault(_C, "a trial account reaches verified numbers only; upgrade the account"),
    21408: Fault(_C, "messages to this country are switched off in the account"),
    30034: Fault(_C, "the sender is not registered with the carriers; register it"),
    21604: Fault(_C, "the recipient was left out of the request"),
    21617: Fault(_C, "the text is longer than 1,600 characters; shorten the wording"),
    20429: Fault(_T, "too many requests; it will be tried again"),
    30022: Fault(_T, "the carrier's rate limit is reached; it will be tried again"),
    21611: Fault(_T, "the sender's queue is full; it will be tried again"),
    30001: Fault(_T, "the queue overflowed; it will be tried again"),
    30003: Fault(_U, "the phone cannot be reached now"),
    30008: Fault(_U, "the carrier gives no reason"),
    30036: Fault(_U, "it was not delivered within its validity"),
}

_AMBIGUOUS = Fault(Kind.AMBIGUOUS, "the answer does not say whether it was sent")
_BY_STATUS: dict[int, Fault] = {
    401: FAULTS[20003],
    403: Fault(_C, "the account may not do this; check its permissions"),
    404: FAULTS[20404],
    408: _AMBIGUOUS,
    429: FAULTS[20429],
}
_REFUSED = Fault(_P, "the request was refused; look the code up in Twilio's error list")


def fault_of(status: int, code: int | None) -> Fault:
    """Return what a refusal means; `code` may merely repeat the HTTP status."""
    if not 400 <= status < 500:
        return _AMBIGUOUS
    if code in FAULTS:
        return FAULTS[code]
    return _BY_STATUS.get(status, _REFUSED)


def send_error(status: int, code: int | None) -> SendError:
    """Return the error to raise for an answer of this status and Twilio code."""
    fault = fault_of(status, code)
    shown = str(code or status)
    words = f"Twilio did not take it ({shown}): {fault.words}"
    if fault.kind is Kind.CONFIGURATION:
        return Misconfigured(words, code=shown)
    if fault.opted_out:
        return OptedOut(words, permanent=True, code=shown)
    return SendError(
        words,
        permanent=fault.kind in {Kind.PERMANENT, Kind.PERSON, Kind.UNCLEAR},
        ambiguous=fault.kind is Kind.AMBIGUOUS,
        code=shown,
    )


def unclear(code: str, what: str) -> SendError:
    """Return the error for an attempt of which nobody knows whether it was sent."""
    return SendError(f"Twilio: {what}; it will be looked up", ambiguous=True, code=code)


@contextmanager
def translated() -> Iterator[None]:
    """Turn whatever the client raises inside into a SendError without personal data."""
    try:
        yield
    except (TwilioRestException, TwilioServiceException) as error:
        raise send_error(error.status, error.code) from None
    except (TwilioException, KeyError, TypeError, ValueError):
        raise unclear("unreadable", "the answer cannot be read") from None
