"""What agents are doing right now overrides the plan: who is busy cannot be offered at once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

import msgspec

from engage.app.app import App
from engage.clock import as_utc
from engage.collect.names import nearest
from engage.domain.agents import Agents
from engage.errors import WrongUse
from engage.store import Tx, marks

_MARK = "agents:"
_AHEAD = timedelta(seconds=60)
"""Clocks of two machines may differ by so much."""


def tell(
    app: App, queue: str, *, free: int, busy: int = 0, wrap: int = 0, at: datetime | None = None
) -> bool:
    """Take in how many agents of a queue are free, busy, and writing up; False if newer is known.

    `at`: when that was seen, now if nobody says. Raises WrongUse for a queue that the settings do
    not have, for fewer than none, and for a moment that is yet to come.
    """
    now = app.now()
    seen = now if at is None else as_utc(at)
    if queue not in app.settings.queues:
        known = nearest(queue, sorted(app.settings.queues))
        raise WrongUse(f"there is no queue {queue!r} in settings.toml; {known}")
    for name, number in (("free", free), ("busy", busy), ("wrap", wrap)):
        if number < 0:
            raise WrongUse(f"queue {queue}: {name} is {number}; there cannot be fewer than none")
    if seen > now + _AHEAD:
        raise WrongUse(f"queue {queue}: {seen} is yet to come; set the clock of the sender right")
    with app.store.write() as tx:
        before = _read(tx, queue)
        if before is not None and before.at > seen:
            return False
        made = Agents(queue, free, busy, wrap, seen)
        marks.set(tx, _MARK + queue, msgspec.json.encode(asdict(made)).decode())
    return True


def told(app: App, tx: Tx) -> dict[str, Agents]:
    """Return what was told last of each queue, however long ago."""
    found = (_read(tx, queue) for queue in sorted(app.settings.queues))
    return {one.queue: one for one in found if one is not None}


def life(app: App) -> timedelta:
    """Return for how long it counts."""
    return timedelta(seconds=app.settings.deciding.agents_live_s)


def free_now(app: App, tx: Tx, now: datetime) -> dict[str, int]:
    """Return how many agents are free, by queue of which that was seen lately; others go by the plan."""
    lasting = life(app)
    return {name: one.free for name, one in told(app, tx).items() if one.fresh(now, lasting)}


def _read(tx: Tx, queue: str) -> Agents | None:
    text = marks.get(tx, _MARK + queue)
    return msgspec.json.decode(text, type=Agents) if text else None
