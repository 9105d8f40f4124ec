"""The live moments at which the engine has something new to think about."""

from __future__ import annotations

import numpy as np

from engage.domain.interactions import INTERACTIONS
from engage.simulate.bank import Bank
from engage.simulate.calendar import DAY, HOUR, MINUTE, NEVER, SECOND
from engage.simulate.people import ZONES
from engage.simulate.streams import Ints
from engage.simulate.visits import idle_moments

APART = 20 * SECOND
"""Moments closer together are one."""
MORNING, AFTERNOON = 9 * HOUR + 5 * MINUTE, 16 * HOUR + 5 * MINUTE
"""Local times at which deferred messages may go out in every zone."""


def worth_a_look(bank: Bank) -> Ints:
    """Return live moments in order.

    They lie some seconds after a visitor hesitates, has left a form alone for ten minutes, or a
    contact is recorded; and twice a day, for what waits for a window to open.
    """
    hesitates = bank.visits.hesitates[bank.visits.hesitates != NEVER] + 6 * SECOND
    recorded = bank.rows[INTERACTIONS.name].known + 3 * SECOND
    local = np.arange(bank.start // DAY, bank.live_until // DAY) * DAY
    berlin = np.full(len(local), ZONES.index("Europe/Berlin"))
    daily = [bank.calendar.utc(berlin, local + clock) for clock in (MORNING, AFTERNOON)]
    every = np.concatenate([hesitates, idle_moments(bank.visits), recorded, *daily])
    if bank.nastiness.gap:
        every = np.append(every, bank.telling.gap_until + 3 * SECOND)
    return merged(np.sort(every[(every > bank.start) & (every <= bank.live_until)]))


def merged(times: Ints) -> Ints:
    """Return the last of each run of sorted times that spans no more than APART."""
    kept: list[int] = []
    opened = None
    for at in times.tolist():
        if opened is None or at - opened > APART:
            opened = at
            kept.append(at)
        else:
            kept[-1] = at
    return np.array(kept, dtype=np.int64)
