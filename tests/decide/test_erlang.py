"""How many agents must be there so that callers are answered in time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from engage.decide.erlang import Service, abandoned, answered, needed

Floats = npt.NDArray[np.float64]
SURE = np.array([1e9])
"""Nobody doubts how many call."""


def test_the_call_centre_of_the_textbook() -> None:
    # Mandelbaum and Zeltyn 2007, "Service engineering in action: the Palm/Erlang-A queue", table 1:
    # 48 calls a minute, talks of one minute, patience of two, 50 agents: 3.1 % hang up, 3.7 s on average.
    service = Service(handle_s=60, patience_s=120)
    gone = float(abandoned(50, 48 / 60, service))
    assert gone == pytest.approx(0.031, abs=0.0005)
    # Whoever waits hangs up at the rate 1 / patience, so the mean wait is the share gone x patience.
    assert gone * 120 == pytest.approx(3.7, abs=0.05)


def test_without_end_of_patience_it_is_erlang_c() -> None:
    # Erlang C of 10 agents and 8 erlang is .409 (its tables); a wait lasts longer than t with
    # probability C exp(-(agents - load) t / handling).
    service = Service(within_s=20, handle_s=60, patience_s=1e8)
    assert float(answered(10, 8 / 60, service)) == pytest.approx(
        1 - 0.409 * np.exp(-2 * 20 / 60), abs=2e-4
    )


def test_one_agent_and_no_waiting_is_one_less_the_load() -> None:
    # M/M/1: a caller finds the agent idle with probability 1 - load.
    service = Service(within_s=0, handle_s=60, patience_s=1e8)
    assert float(answered(1, 0.5 / 60, service)) == pytest.approx(0.5, abs=1e-5)


def counted(agents: int, per_s: float, service: Service) -> tuple[float, float]:
    """Return who is answered in time and who hangs up, by the balance of arrivals and departures."""
    most = agents + 400
    serving, leaving = 1 / service.handle_s, 1 / service.patience_s
    there = np.arange(1, most + 1)
    out = np.minimum(there, agents) * serving + np.maximum(there - agents, 0) * leaving
    share = np.concatenate([[1.0], np.cumprod(per_s / out)])
    share /= share.sum()
    queue = np.maximum(np.arange(most + 1) - agents, 0)
    gone = leaving * float(share @ queue) / per_s
    return float(share[:agents].sum()), gone


@pytest.mark.parametrize(("agents", "calls"), [(1, 4.0), (3, 30.0), (12, 60.0), (40, 250.0)])
def test_it_agrees_with_counting_states(agents: int, calls: float) -> None:
    at_once = Service(within_s=0, handle_s=300, patience_s=150)
    idle, gone = counted(agents, calls / 1800, at_once)
    assert float(answered(agents, calls / 1800, at_once)) == pytest.approx(idle, abs=1e-9)
    assert float(abandoned(agents, calls / 1800, at_once)) == pytest.approx(gone, abs=1e-9)


def lived(agents: int, per_s: float, service: Service, n: int = 300_000) -> float:
    """Return the share of simulated callers who are answered in time."""
    rng = np.random.default_rng(3)
    at = np.cumsum(rng.exponential(1 / per_s, n))
    talk, patience = rng.exponential(service.handle_s, n), rng.exponential(service.patience_s, n)
    free = np.zeros(agents)
    in_time = 0
    for one in range(n):
        first = int(free.argmin())
        wait = max(free[first] - at[one], 0.0)
        if wait <= patience[one]:
            free[first] = at[one] + wait + talk[one]
            in_time += wait <= service.within_s
    return in_time / n


def test_it_agrees_with_callers_who_are_lived_through() -> None:
    service = Service(within_s=20, handle_s=300, patience_s=120)
    # Callers wait together: of 300,000 some 15,000 are independent, a standard error of .004.
    found = float(answered(5, 25 / 1800, service))
    assert found == pytest.approx(lived(5, 25 / 1800, service), abs=0.012)


def test_a_flood_is_answered_by_hardly_anybody() -> None:
    share = answered([1, 3, 10], 50.0, Service())
    # 10 agents of 360 s take 1 call in 36 s of the 1,800 that come in it.
    assert (share < 1e-3).all()
    assert np.isfinite(share).all()


def test_the_fewest_agents_who_keep_the_target() -> None:
    service = Service(target=0.8, within_s=20, handle_s=300, patience_s=120)
    for calls in (1.0, 20.0, 120.0, 900.0):
        rate = np.array([calls / 1800])
        n = int(needed(rate, SURE, service)[0])
        assert float(answered(n, rate[0], service)) >= 0.8
        assert n == 1 or float(answered(n - 1, rate[0], service)) < 0.8


def test_who_is_not_sure_keeps_more() -> None:
    rates = np.full(3, 200 / 1800)
    sure, unsure, guessing = needed(rates, np.array([1e9, 30.0, 4.0]), Service(handle_s=300))
    assert sure < unsure < guessing


def test_no_calls_need_nobody() -> None:
    assert needed(np.zeros(2), np.full(2, 20.0), Service()).tolist() == [0, 0]
    assert needed(np.empty(0), np.empty(0), Service()).tolist() == []


def test_what_was_asked_before_is_answered_alike() -> None:
    rates, sure = np.linspace(0.001, 0.2, 50), np.full(50, 25.0)
    first = needed(rates, sure, Service(handle_s=240))
    alone = [int(needed(rates[[i]], sure[[i]], Service(handle_s=240))[0]) for i in range(50)]
    assert first.tolist() == alone
