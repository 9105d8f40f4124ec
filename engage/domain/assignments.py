"""Who is treated and who is held out, stored once and never computed again.

An arm is given within a scope: `global` covers every trigger and never ends, `global@2026-11-04/2026-12-04`
covers them in one turn of the rotating group, `long_term@2027-12-31` until that day; any other scope is
a trigger's name. What a scope says of its days stands in its name, so that each stored arm says by
itself how long it holds, whatever the settings say meanwhile.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

GLOBAL = "global"
"""The scope that covers every trigger for ever."""
LONG_TERM = "long_term"
_EPOCH = date(1970, 1, 1)
_NAME = re.compile(
    rf"(?P<kind>{GLOBAL}|{LONG_TERM})@((?P<starts>\d{{4}}-\d\d-\d\d)/)?(?P<ends>\d{{4}}-\d\d-\d\d)"
)


class Arm(StrEnum):
    """The side of the comparison a person is on."""

    TREATED = "treated"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Span:
    """A scope that ends: one turn of the rotating group, or the long-term group."""

    long_term: bool
    ends: date
    """Midnight UTC at the beginning of this day."""


def turn_scope(day: int, length: int) -> str:
    """Return the turn that a day falls into: days since 1970, in turns of so many of them."""
    starts = _EPOCH + timedelta(days=day // length * length)
    return f"{GLOBAL}@{starts}/{starts + timedelta(days=length)}"


def long_term_scope(until: date) -> str:
    """Return the scope of the group that is left alone until a day."""
    return f"{LONG_TERM}@{until}"


def span_of(scope: str) -> Span | None:
    """Return what a scope's name says of its end; None for one that has none."""
    found = _NAME.fullmatch(scope)
    if found is None:
        return None
    return Span(found["kind"] == LONG_TERM, date.fromisoformat(found["ends"]))
