"""What a free agent minute is worth, and who gets it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from engage.decide.pace import at_once
from engage.decide.prices import Budgets, Wanted, solve

TEN = 10.0


def wanted(*people: tuple[int, dict[str, float]], size: float = 1.0) -> Wanted:
    """Return people, each with a half hour and options: "now" and "slot" of queue 0, "text" of none."""
    options = [
        (row, name, net) for row, (_, nets) in enumerate(people) for name, net in nets.items()
    ]
    return Wanted(
        group=np.array([row for row, _, _ in options], np.int64),
        net=np.array([net for _, _, net in options], np.float64),
        minutes=np.array([0.0 if name == "text" else TEN for _, name, _ in options]),
        queue=np.array([-1 if name == "text" else 0 for _, name, _ in options], np.int64),
        later=np.array([name == "slot" for _, name, _ in options], bool),
        size=np.full(len(people), size),
        half_hour=np.array([at for at, _ in people], np.int64),
    )


def test_the_minutes_go_to_those_who_gain_most() -> None:
    found = solve(wanted((0, {"now": 30}), (0, {"now": 20}), (0, {"now": 50})), np.array([[20.0]]))
    assert found.taken.tolist() == [1, 0, 1]
    assert found.gain == 80
    # A minute more would bring the one who is left out 20 / 10, a minute less would cost 30 / 10.
    assert 2 <= found.now[0, 0] <= 3


def test_what_nobody_lacks_costs_nothing() -> None:
    found = solve(wanted((0, {"now": 30}), (0, {"now": 20})), np.array([[60.0]]))
    assert found.now.tolist() == [[0.0]]
    assert found.gain == 50


def test_a_slot_takes_the_cheapest_half_hour_ahead() -> None:
    # In the third half hour nobody comes up, so a slot there costs nothing, and the second is for
    # those who want to be called at once.
    found = solve(
        wanted((0, {"slot": 5}), (1, {"now": 30}), (1, {"now": 20})), np.array([[0.0, 10, 10]])
    )
    assert found.taken.tolist() == [1, 1, 0]
    assert found.later[0, 0] == 0
    assert 2 <= found.now[0, 1] <= 3
    assert found.given.tolist() == [[0, 0, 10]]


def test_a_slot_is_never_before_its_promise() -> None:
    found = solve(wanted((2, {"slot": 50})), np.array([[100.0, 100, 100]]))
    assert found.gain == 0
    assert solve(wanted((1, {"slot": 50})), np.array([[0.0, 0, 10]])).gain == 50


def test_one_person_takes_one_option() -> None:
    found = solve(wanted((0, {"now": 30, "slot": 28, "text": 3})), np.array([[60.0, 60]]))
    assert found.taken.tolist() == [1, 0, 0]


def test_a_message_needs_no_minutes() -> None:
    found = solve(
        wanted((0, {"now": 30, "text": 3}), (0, {"now": 31, "text": 3})), np.array([[10.0]])
    )
    assert found.gain == 31 + 3
    # A minute is worth a tenth of what a call is better than a text: 27 to the one, 28 to the other.
    assert 2.7 - 1e-9 <= found.now[0, 0] <= 2.8 + 1e-9


def texting(people: Wanted) -> Wanted:
    """Return the people with every text taking one of the only budget."""
    return replace(people, message=np.where(people.queue < 0, 0, -1))


def test_a_day_s_messages_go_to_those_who_gain_most_by_them() -> None:
    people = texting(wanted((0, {"text": 5}), (0, {"text": 3}), (1, {"text": 4}), (2, {"text": 2})))
    # Today is over after two half hours and has two messages, tomorrow has one for the third.
    budgets = Budgets(np.array([[2.0, 1.0]]), np.array([0, 0, 1]))
    found = solve(people, np.zeros((1, 3)), budgets=budgets)
    assert found.taken.tolist() == [1, 0, 1, 1]
    assert found.gain == 5 + 4 + 2
    # One message more today would bring 3, one less would cost 4; tomorrow has enough.
    assert 3 <= found.message[0, 0] <= 4
    assert found.message[0].tolist() == [found.message[0, 0]] * 2 + [0]


def test_who_gets_no_message_asks_for_an_agent_and_makes_his_minutes_dearer() -> None:
    people = texting(wanted((0, {"now": 30, "text": 28}), (0, {"now": 20})))
    ten = np.array([[TEN]])
    plenty, none = (
        solve(people, ten, budgets=Budgets(np.array([[left]]), np.array([0])))
        for left in (1.0, 0.0)
    )
    assert (plenty.gain, none.gain) == (28 + 20, 30)
    paying = people.paying(none.message[:, 0])
    assert paying.net[1] == pytest.approx(28 - none.message[0, 0])
    # The one is called, and a minute more would bring the other's 20 / 10.
    assert at_once(paying, np.array([0.0]), ten[:, 0])[0] == pytest.approx(2, abs=1e-3)


def test_budgets_are_spent_as_well_as_by_trying_everything() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        nets = rng.integers(1, 50, (5, 2)).astype(float)
        people = texting(wanted(*((0, {"now": a, "text": b}) for a, b in nets)))
        budgets = Budgets(np.array([[2.0]]), np.array([0]))
        found = solve(people, np.array([[TEN]]), budgets=budgets)
        # One call and two texts among five people: every choice of who gets which.
        ways = itertools.permutations(range(5), 3)
        best_way = max(nets[a, 0] + nets[b, 1] + nets[c, 1] for a, b, c in ways)
        assert found.gain == pytest.approx(best_way)


def test_nobody_and_no_minutes_make_a_plan() -> None:
    none = solve(wanted(), np.array([[10.0, 10]]))
    assert (none.gain, none.now.tolist()) == (0, [[0, 0]])
    assert solve(wanted((0, {"now": 30})), np.zeros((1, 1))).gain == 0


def test_it_is_as_good_as_trying_everything() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        nets = rng.integers(1, 50, (5, 2))
        at = np.sort(rng.integers(0, 2, 5))
        people = [
            (int(h), {"now": float(a), "slot": float(b)})
            for h, (a, b) in zip(at, nets, strict=True)
        ]
        free = np.asarray(rng.integers(0, 3, 3) * TEN, np.float64)
        found = solve(wanted(*people), free[None, :])
        assert found.gain == pytest.approx(best(people, free.tolist()))


def best(people: list[tuple[int, dict[str, float]]], free: list[float]) -> float:
    """Return the most that any way of giving whole minutes of ten gains."""
    ways = [
        [
            (None, 0.0),
            (at, nets["now"]),
            *((later, nets["slot"]) for later in range(at + 1, len(free))),
        ]
        for at, nets in people
    ]
    gains = [0.0]
    for way in itertools.product(*ways):
        used = [sum(TEN for place, _ in way if place == at) for at in range(len(free))]
        if all(u <= f for u, f in zip(used, free, strict=True)):
            gains.append(sum(gain for _, gain in way))
    return max(gains)


def test_the_running_half_hour_is_priced_by_more_than_its_own() -> None:
    people = wanted((0, {"now": 30, "slot": 28}), (0, {"now": 20}), (0, {"now": 10}))
    # At 2.5 for a slot's minute the first one gains 30 by a call and 3 by a slot: the call is worth 27
    # more, to the others 20 and 10; ten minutes go to the first, a minute more would bring 2.
    assert 2 <= at_once(people, np.array([2.5]), np.array([10.0]))[0] <= 2.7
    # Where slots are free, a call is worth 2 more to the first; the second gets it, the third would.
    assert 1 <= at_once(people, np.array([0.0]), np.array([10.0]))[0] <= 2
