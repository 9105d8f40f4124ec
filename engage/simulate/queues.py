"""Calls as they arrive, agents as they are planned for them, and the waits that come of it.

Arrivals follow an Israeli bank's call centre in 1999 (Brown et al. 2005, Journal of the American
Statistical Association 100:36-50; SEELab, the Technion): calls counted every six minutes, summed to
half hours, per 1,000 of a day. Its week begins on Sunday: Sunday to Thursday are told here as Monday
to Friday, its Friday as Saturday, its Sabbath as Sunday.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engage.simulate.calendar import DAY, HOUR, MINUTE, Calendar, milliseconds, weekday
from engage.simulate.streams import Draws, Floats, Ints, pick

HALF_HOUR = 30 * MINUTE
CALLS_BY_WEEKDAY = (1_630.0, 1_558.4, 1_591.8, 1_496.8, 1_533.2, 538.6, 206.5)
"""Mean calls of a day in 1999."""
WORKDAY, HALF_DAY, REST = range(3)
KIND = np.array([WORKDAY] * 5 + [HALF_DAY, REST])
"""The kind of day that each weekday is."""
CALLS_BY_HALF_HOUR = np.array([
    [
        2.1, 1.3, 0.8, 0.5, 0.4, 0.3, 0.2, 0.1, 0.2, 0.1, 0.2, 0.5,
        1.0, 2.9, 11.0, 15.1, 23.4, 32.9, 35.6, 42.8, 45.9, 43.6, 39.9, 38.0,
        35.6, 34.0, 35.9, 37.3, 39.0, 38.3, 38.5, 38.6, 37.5, 36.3, 30.1, 29.4,
        26.9, 24.0, 21.8, 19.8, 17.3, 20.4, 18.8, 20.0, 18.2, 16.8, 15.6, 11.3,
    ],
    [
        7.3, 3.5, 2.0, 1.5, 1.4, 0.8, 0.8, 0.6, 0.4, 0.7, 0.6, 0.9,
        1.8, 4.8, 21.9, 30.8, 52.8, 79.9, 76.6, 76.2, 76.6, 76.7, 77.5, 69.5,
        74.8, 60.5, 48.1, 40.1, 27.1, 22.3, 14.6, 10.9, 8.2, 7.0, 5.3, 3.3,
        2.7, 2.1, 1.6, 1.0, 0.8, 1.1, 0.6, 0.6, 0.4, 0.6, 0.6, 0.4,
    ],
    [
        1.0, 0.6, 0.7, 0.4, 0.5, 0.6, 0.0, 0.1, 0.1, 0.1, 0.0, 0.2,
        0.2, 0.2, 0.6, 0.1, 0.7, 0.6, 2.0, 2.0, 1.9, 2.1, 3.1, 1.8,
        2.7, 2.6, 1.0, 2.5, 2.0, 2.4, 1.6, 2.0, 2.0, 2.7, 3.1, 5.4,
        13.7, 32.6, 64.5, 80.8, 69.5, 80.0, 103.9, 134.8, 119.0, 97.5, 83.8, 70.5,
    ],
])  # fmt: skip
"""[kind of day, half hour]"""
AGENTS_BY_HOUR = np.array([
    4, 2, 1, 1, 1, 1, 3, 18, 50, 62, 62, 62, 62, 62, 62, 62, 60, 56, 52, 44, 36, 32, 30, 22,
])  # fmt: skip
"""Agents at their desks on a workday; short before noon, when most people call."""
CALLS_PER_AGENT = 1.15
"""On other days agents are planned by the forecast, so many calls of a workday's scale for each."""
MEAN_S = 38.0
"""Mean seconds in the queue for calls when there are as many agents as hourly calls of 1,000."""
BAD = 0.16
"""The share of half hours in which agents are missing, and everybody waits five times as long."""
TAKES_S = 300.0
"""Seconds for which a conversation that the engine started keeps an agent from the queue."""
PEOPLE_PER_AGENT = 500


def starts(draws: Draws, n: int, calendar: Calendar, first: int, last: int) -> Ints:
    """Return the local times of n calls between two days."""
    day = calendar.days(draws.uniform("day", n), first, last, CALLS_BY_WEEKDAY)
    kind, u = KIND[weekday(day)], draws.uniform("hour", n)
    half_hours = np.empty(n, dtype=np.int64)
    for code in (WORKDAY, HALF_DAY, REST):
        half_hours[kind == code] = pick(u[kind == code], CALLS_BY_HALF_HOUR[code])
    return day * DAY + half_hours * HALF_HOUR + milliseconds(draws.uniform("minute", n) * 1_800.0)


def mean_wait(draws: Draws, at: Ints, zone: Ints, channel: Ints, calendar: Calendar) -> Floats:
    """Return mean seconds in the queue if one had all the patience in the world.

    It grows with the square of the load: calls for each agent.
    """
    local = calendar.local(zone, at)
    kind, half_hour = KIND[weekday(local // DAY)], local % DAY // HALF_HOUR
    load = _loads()[kind, half_hour]
    # One draw per half hour, so that everybody who calls in it waits long.
    lengths = draws.uniform("bad_half_hours", 1_009)
    bad = lengths[at // HALF_HOUR % 1_009] < BAD
    return np.asarray(
        MEAN_S * load**2 * np.where(bad, 5.0, 1.0) * np.array([1.0, 0.6, 0.2])[channel]
    )


def _loads() -> Floats:
    """Return hourly calls for each agent by [kind of day, half hour]."""
    calls = 2.0 * CALLS_BY_HALF_HOUR
    agents = np.ceil(calls / CALLS_PER_AGENT) + 1.0
    agents[WORKDAY] = np.repeat(AGENTS_BY_HOUR, 2)
    return np.asarray(calls / agents)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who else keeps the agents busy: conversations that the engine started."""

    calls: Ints
    chats: Ints
    """When each begins, sorted."""
    agents: int

    def added(self, channel: Ints, at: Ints) -> Floats:
        """Return the seconds that the conversations of the two hours before add to the mean wait.

        Each keeps one of `agents` for TAKES_S seconds, and a queue that is short of agents carries
        the delay along; written messages wait for nobody.
        """
        busy = np.zeros(len(at))
        for code, begins in enumerate((self.calls, self.chats)):
            before, since = (np.searchsorted(begins, at - ago) for ago in (0, 2 * HOUR))
            busy += np.where(channel == code, before - since, 0)
        return np.asarray(busy * TAKES_S / self.agents)
