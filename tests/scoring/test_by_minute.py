"""Quality by the age of a visit: each visit is of one age, and few visits have no figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engage.domain.scores import Objective
from engage.scoring.by_minute import AGES, by_minute
from engage.scoring.metrics import ece, roc_auc
from tests.scoring.conftest import Floats


def told(minutes: Floats, objective: Objective = Objective.PROBABILITY) -> list[dict[str, Any]]:
    """Return the figures of visits with honest chances, each of a person of its own."""
    rng = np.random.default_rng(1)
    chance = rng.random(len(minutes))
    actual = (rng.random(len(minutes)) < chance).astype(float)
    return by_minute(objective, minutes, actual, chance, np.arange(len(minutes)))


def test_every_visit_is_of_one_age() -> None:
    """Sixty visits at each of these ages; an age begins with its first minute."""
    found = told(np.repeat([0.0, 0.99, 1.0, 2.9, 3.0, 9.0, 10.0, 29.9, 30.0, 500.0], 60))
    assert [one["minutes"] for one in found] == list(AGES)
    assert [one["n"] for one in found] == [120] * 5


def test_figures_are_those_of_the_visits_of_that_age() -> None:
    rng = np.random.default_rng(3)
    minutes, chance = rng.choice([0.5, 5.0], 400), rng.random(400)
    actual = (rng.random(400) < chance).astype(float)
    person = rng.integers(0, 150, 400)
    found = {
        one["minutes"]: one
        for one in by_minute(Objective.PROBABILITY, minutes, actual, chance, person)
    }
    own = minutes == 5.0
    figures = found["3 to 10"]
    assert figures["n"] == own.sum()
    assert figures["people"] == len(set(person[own]))
    assert figures["base_rate"] == pytest.approx(actual[own].mean())
    assert figures["stated"] == pytest.approx(chance[own].mean())
    assert figures["roc_auc"] == pytest.approx(roc_auc(actual[own], chance[own]))
    assert figures["ece"] == pytest.approx(ece(actual[own], chance[own]))
    assert figures["roc_auc_low"] < figures["roc_auc"] < figures["roc_auc_high"]


def test_the_interval_holds_the_best_ranking_there_is_at_its_level() -> None:
    """Of 200 shops with two visits each of 100 people.

    Where chances are uniform on [0, 1], those with the outcome have the density 2 x and those
    without 2 (1 - y): y < x has the chance 4 x the integral of x (x - x^2 / 2) = 4 (1 / 3 - 1 / 8).
    """
    inside = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        chance = np.repeat(rng.random(100), 2)
        actual = (rng.random(200) < chance).astype(float)
        person = np.repeat(np.arange(100), 2)
        one = by_minute(Objective.PROBABILITY, np.zeros(200), actual, chance, person)[0]
        inside.append(one["roc_auc_low"] <= 5 / 6 <= one["roc_auc_high"])
    assert 0.91 <= np.mean(inside) <= 0.99


def test_an_age_of_few_visits_says_so_and_has_no_figures() -> None:
    found = told(np.repeat([0.0, 2.0], [49, 50]))
    assert found[0] == {
        "minutes": "under 1",
        "n": 49,
        "note": "fewer than 50 visits: no figures",
    }
    assert found[1]["n"] == 50
    assert "note" not in found[1]
    assert [one["n"] for one in found[2:]] == [0, 0, 0]


def test_visits_whose_beginning_is_not_known_stand_apart() -> None:
    found = told(np.repeat([0.0, np.nan], [60, 70]))
    assert found[-1]["minutes"] == "not known"
    assert found[-1]["n"] == 70


def test_outcomes_that_are_all_alike_cannot_be_ranked() -> None:
    flat = np.full(60, 0.5)
    one = by_minute(Objective.PROBABILITY, np.zeros(60), np.ones(60), flat, np.arange(60))[0]
    assert one["roc_auc"] is None
    assert "roc_auc_low" not in one
    assert one["base_rate"] == 1.0


def test_amounts_are_ranked_by_their_own_figure() -> None:
    one = told(np.zeros(80), Objective.AMOUNT)[0]
    assert 0 < one["ngini"] <= 1
    assert "roc_auc" not in one
