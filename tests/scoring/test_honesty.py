"""Whether scores in use still mean what they say, with chance and repeated people allowed for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engage.domain.scores import Objective
from engage.scoring.honesty import Honesty, by_week, honesty, label_delay

Floats = NDArray[np.float64]


def judged(seed: int, rows: int = 2000, *, off: float = 0.0, each: int = 1) -> Honesty:
    """Judge scores that state `off` (logit) too much; `each` rows of a person end alike."""
    rng = np.random.default_rng(seed)
    who = np.arange(rows) // each
    logit = rng.normal(-1, 1, rows // each)[who]
    ended = rng.random(rows // each)[who]
    happened = (ended < 1 / (1 + np.exp(-logit))).astype(float)
    stated = 1 / (1 + np.exp(-(logit + off)))
    found = honesty(Objective.PROBABILITY, happened, stated, who, largest_error=0.05, chance=0.01)
    assert found is not None
    return found


def test_scores_that_state_too_much_are_broken() -> None:
    found = judged(1, off=1.0)
    assert found.broken
    assert found.stated > found.happened
    assert "was stated" in found.words()


def test_honest_scores_are_broken_by_chance_in_at_most_one_of_a_hundred() -> None:
    assert sum(judged(seed).broken for seed in range(300)) <= 3
    assert sum(judged(seed).p < 0.01 for seed in range(300)) <= 9


def test_a_persons_rows_do_not_count_as_many_people() -> None:
    """Ten rows end alike: taken as independent, honest scores would look broken by chance."""
    assert sum(judged(seed, each=10).p < 0.01 for seed in range(100)) <= 5


def test_a_certain_but_small_error_is_let_be() -> None:
    found = judged(1, 100_000, off=0.1)
    assert (found.p < 0.01, found.broken) == (True, False)


def test_too_few_people_cannot_tell() -> None:
    few = np.zeros(49)
    assert (
        honesty(Objective.PROBABILITY, few, few, np.arange(49), largest_error=0.1, chance=0.1)
        is None
    )


@pytest.mark.parametrize(("factor", "broken"), [(1.0, False), (1.5, True)])
def test_amounts_are_judged_by_their_total(factor: float, broken: bool) -> None:
    rng = np.random.default_rng(1)
    worth = rng.gamma(2.0, 100.0, 3000)
    happened = worth * rng.gamma(1.0, 1.0, 3000)
    found = honesty(
        Objective.AMOUNT, happened, worth * factor, np.arange(3000), largest_error=0.1, chance=0.01
    )
    assert found is not None
    assert found.broken is broken


def test_weeks_begin_on_mondays_and_have_their_own_figures() -> None:
    """Sunday 11 and Monday 12 January 2026 lie in two weeks."""
    as_of = np.array(["2026-01-11T23:59", "2026-01-12T00:00", "2026-01-13"], "datetime64[us]")
    weeks = by_week(Objective.PROBABILITY, as_of, np.array([1.0, 0, 1]), np.array([0.5, 0.2, 0.6]))
    assert [(one["week"], one["n"]) for one in weeks] == [("2026-01-05", 1), ("2026-01-12", 2)]
    assert weeks[1]["stated"] == pytest.approx(0.4)
    assert weeks[1]["roc_auc"] == 1.0
    assert weeks[0]["roc_auc"] is None


def test_the_delay_of_outcomes_by_hand() -> None:
    """8 of 10 outcomes by half of 48 hours: the fifth shows at .5 / .8 of it, after 15 hours."""
    assert label_delay([0.5, 1.0], 48.0, [8, 10]) == {
        "shown_by": {"24 h": 0.8, "48 h": 1.0},
        "half_h": 15.0,
    }
    assert label_delay([0.5, 1.0], 48.0, [0, 0]) == {"shown_by": {}, "half_h": None}
