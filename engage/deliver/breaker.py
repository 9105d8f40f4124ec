"""When a provider refuses us for our own mistakes, stop asking: the messages wait, unharmed.

After three such refusals in a row a channel is closed; then one message every half minute tries
whether somebody has mended the settings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engage.store import Tx, marks

REFUSALS = 3
PROBE_EVERY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Breaker:
    """How one channel stands."""

    refusals: int = 0
    next_probe: datetime | None = None

    def lets_through(self, now: datetime) -> bool:
        """Return whether a message may be tried now."""
        return self.refusals < REFUSALS or self.next_probe is None or now >= self.next_probe


def allowed(tx: Tx, channels: Iterable[str], now: datetime) -> tuple[str, ...]:
    """Return the channels that may be tried now."""
    return tuple(name for name in channels if _read(tx, name).lets_through(now))


def trying(tx: Tx, channel: str, now: datetime) -> None:
    """Note that a message is about to leave, so that a closed channel gets no second probe."""
    held = _read(tx, channel)
    if held.refusals >= REFUSALS:
        _write(tx, channel, Breaker(held.refusals, now + PROBE_EVERY))


def refused(tx: Tx, channel: str, now: datetime) -> None:
    """Note that the provider refused us for a mistake of ours."""
    _write(tx, channel, Breaker(_read(tx, channel).refusals + 1, now + PROBE_EVERY))


def answered(tx: Tx, channel: str) -> None:
    """Note that the provider deals with us, whatever it thinks of the recipient."""
    if _read(tx, channel).refusals:
        _write(tx, channel, Breaker())


def _read(tx: Tx, channel: str) -> Breaker:
    held = marks.get(tx, _mark(channel))
    if not held:
        return Breaker()
    refusals, probe = json.loads(held)
    return Breaker(refusals, datetime.fromisoformat(probe) if probe else None)


def _write(tx: Tx, channel: str, breaker: Breaker) -> None:
    probe = breaker.next_probe.isoformat() if breaker.next_probe else ""
    marks.set(tx, _mark(channel), json.dumps([breaker.refusals, probe]))


def _mark(channel: str) -> str:
    return f"breaker:{channel}"
