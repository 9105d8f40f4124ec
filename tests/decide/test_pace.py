"""The price at which those who ask for minutes and the minutes there are meet."""

from __future__ import annotations

import numpy as np
import pytest

from engage.decide.pace import at_once
from engage.decide.prices import Wanted, solve

NOTHING = np.array([0.0, 0.0])


def many(rng: np.random.Generator, groups: int = 200) -> Wanted:
    """Return people who may be called by two queues, or written to, each for other minutes."""
    options = np.repeat(np.arange(groups), 3)
    return Wanted(
        group=options,
        net=rng.uniform(1, 100, 3 * groups),
        minutes=np.tile([8.0, 9.0, 0.0], groups),
        queue=np.tile([0, 1, -1], groups),
        later=np.zeros(3 * groups, bool),
        size=rng.uniform(0.5, 2, groups),
        half_hour=np.zeros(groups, np.int64),
    )


def test_it_is_the_dual_price_of_the_linear_program() -> None:
    """HiGHS solves the same program; with 200 different groups its dual values are as good as unique."""
    rng = np.random.default_rng(3)
    for free in ([200.0, 300.0], [500.0, 50.0], [1e5, 100.0], [1e5, 1e5]):
        people, minutes = many(rng), np.array(free)
        program = solve(people, minutes[:, None]).now[:, 0]
        assert at_once(people, NOTHING, minutes) == pytest.approx(program, abs=0.2)


def test_no_more_is_asked_for_than_there_is_and_a_little_less_would_ask_for_more() -> None:
    rng = np.random.default_rng(4)
    people, minutes = many(rng), np.array([200.0, 300.0])
    price = at_once(people, NOTHING, minutes)
    assert (asked_for(people, price) <= minutes).all()
    for queue in (0, 1):
        lower = price - 1e-4 * (np.arange(2) == queue)
        assert asked_for(people, lower)[queue] > minutes[queue] - 1e-9 or price[queue] == 0


def asked_for(people: Wanted, price: np.ndarray) -> np.ndarray:
    """Return (q,) the minutes that each person's best option asks for, one by one."""
    used = np.zeros(len(price))
    for group, size in enumerate(people.size.tolist()):
        mine = np.flatnonzero(people.group == group)
        worth = [
            people.net[o]
            - people.minutes[o] * (price[people.queue[o]] if people.queue[o] >= 0 else 0)
            for o in mine
        ]
        best = mine[int(np.argmax(worth))]
        if max(worth) > 0 and people.queue[best] >= 0:
            used[people.queue[best]] += size * people.minutes[best]
    return used


def test_nobody_asks_for_nothing() -> None:
    none = np.empty(0)
    nobody = Wanted(
        none.astype(int), none, none, none.astype(int), none.astype(bool), none, none.astype(int)
    )
    assert at_once(nobody, NOTHING, np.array([0.0, 5.0])).tolist() == [0, 0]
