"""An earlier campaign is measured from the chances its actions were drawn with."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from engage.errors import DefinitionError
from engage.measure.logged import campaign, effects
from tests.measure.conftest import DAY, START, history

HILLSTROM = Path(__file__).parents[3] / "shared" / "data" / "hillstrom.csv"
NAMES = {"Mens E-Mail": "mens", "Womens E-Mail": "womens", "No E-Mail": "none"}


def test_equal_chances_give_the_difference_in_means() -> None:
    """Means 3 and 1: the effect is 2, with the interval of the plain comparison."""
    actions = ["mail"] * 4 + ["none"] * 4
    found = effects(actions, [0.5] * 8, [2, 4, 3, 3, 1, 1, 0, 2], estimand="visits")["mail"]
    assert found.estimate == pytest.approx(2.0)
    assert (found.n_treated, found.n_held_out) == (4, 4)


def test_unequal_chances_are_weighed_out() -> None:
    """The keen, who would come anyway, got the mail more often: the plain difference is too large.

    True effect .1 for everybody; chance of mail .8 for the keen, .2 for the others.
    """
    rng = np.random.default_rng(1)
    keen = rng.random(40_000) < 0.5
    chance = np.where(keen, 0.8, 0.2)
    mailed = rng.random(40_000) < chance
    came = rng.random(40_000) < np.where(keen, 0.6, 0.2) + 0.1 * mailed
    logged = np.where(mailed, chance, 1 - chance)
    found = effects(np.where(mailed, "mail", "none"), logged, came, estimand="visits")["mail"]
    assert came[mailed].mean() - came[~mailed].mean() > 0.3
    assert found.low < 0.1 < found.high
    assert found.high - found.low < 0.06


def test_weighted_intervals_cover_the_truth() -> None:
    """400 campaigns of 800 people: 95 % give or take two standard errors."""
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(400):
        keen = rng.random(800) < 0.5
        chance = np.where(keen, 0.7, 0.3)
        mailed = rng.random(800) < chance
        spent = rng.gamma(2.0, 10.0, 800) + 5.0 * keen + 2.0 * mailed
        logged = np.where(mailed, chance, 1 - chance)
        found = effects(np.where(mailed, "mail", "none"), logged, spent, estimand="")["mail"]
        covered += found.low <= 2.0 <= found.high
    assert covered / 400 >= 0.93


@pytest.mark.parametrize("chance", [0.0, -0.1, 1.5, float("nan")])
def test_a_chance_that_cannot_be_is_refused(chance: float) -> None:
    with pytest.raises(DefinitionError, match="chance of an action"):
        effects(["mail", "none"], [0.5, chance], [1, 0], estimand="")


def test_a_campaign_that_left_nobody_alone_is_refused() -> None:
    with pytest.raises(DefinitionError, match="nobody had the action 'none'"):
        effects(["mail", "post"], [0.5, 0.5], [1, 0], estimand="")


def test_an_estimate_carried_by_a_handful_is_withheld() -> None:
    """One of 100 with a chance of one in a million outweighs the others: 1 % effective people."""
    chances = np.array([1e-6] + [0.9] * 99 + [0.5] * 100)
    actions = ["mail"] * 100 + ["none"] * 100
    found = effects(actions, chances, np.arange(200.0), estimand="")["mail"]
    assert "only 1.0 % of the people carry it" in found.withheld


class TestCampaign:
    """The whole way from imported decisions and outcomes."""

    DECISION: ClassVar[dict[str, Any]] = {"trigger": "spring", "propensity": 0.5, "at": 0}
    NOW = START + 20 * DAY

    def measured(self, *more: dict[str, Any], **relations: Any) -> list[dict[str, Any]]:
        """Return the report of 40 people, of whom 10 mailed and 5 others bought on day 3."""
        rows = [
            {**self.DECISION, "person_id": f"p{one}", "action": "mail" if one < 20 else "none"}
            for one in range(40)
        ]
        bought = [
            {"person_id": f"p{one}", "goal": "bought", "at": 3, "value_minor": 100}
            for one in (*range(10), *range(20, 25))
        ]
        with history(decisions=[*rows, *more], outcomes=bought, **relations) as engine:
            return campaign(engine, "spring", ["bought"], horizon=14 * DAY, now=self.NOW)

    def test_shares_and_worth_are_both_reported(self) -> None:
        """Half against a quarter; 50 against 25 minor units each."""
        found = self.measured()
        assert [(one["action"], one["unit"]) for one in found] == [
            ("mail", "share"),
            ("mail", "minor"),
        ]
        assert [one["effect"]["estimate"] for one in found] == pytest.approx([0.25, 25.0])

    def test_a_person_counts_once_from_the_first_decision(self) -> None:
        later = {**self.DECISION, "person_id": "p0", "action": "none", "at": 2}
        assert self.measured(later)[0]["effect"] == self.measured()[0]["effect"]

    def test_an_earlier_identity_is_no_second_person(self) -> None:
        links = [{"person_id": "p0", "canonical_id": "p0known", "at": 10}]
        found = self.measured(links=links)[0]["effect"]
        assert (found["n_treated"], found["n_held_out"]) == (20, 20)
        assert found["estimate"] == pytest.approx(0.25)

    def test_decisions_whose_horizon_runs_on_do_not_count(self) -> None:
        fresh = {**self.DECISION, "person_id": "new", "action": "mail", "at": 7}
        assert self.measured(fresh)[0]["effect"]["n_treated"] == 20

    def test_other_campaigns_do_not_count(self) -> None:
        other = {**self.DECISION, "person_id": "new", "action": "mail", "trigger": "autumn"}
        assert self.measured(other)[0]["effect"]["n_treated"] == 20

    def test_a_campaign_nobody_was_part_of_has_no_effects(self) -> None:
        with history() as engine:
            found = campaign(engine, "none", ["x"], horizon=timedelta(1), now=self.NOW)
        assert found == []


@pytest.mark.skipif(not HILLSTROM.exists(), reason=f"the file {HILLSTROM.name} is not beside us")
def test_hillstroms_campaign_has_the_effects_of_its_file() -> None:
    """Visit rates .1828, .1514 and .1062: +.0766 for the men's mail, +.0452 for the women's."""
    with HILLSTROM.open(newline="") as file:
        rows = list(csv.DictReader(file))
    actions = [NAMES[row["segment"]] for row in rows]
    visits = [float(row["visit"]) for row in rows]
    found = effects(actions, np.full(len(rows), 1 / 3), visits, estimand="visit")
    assert found["mens"].estimate == pytest.approx(0.0766, abs=5e-5)
    assert found["womens"].estimate == pytest.approx(0.0452, abs=5e-5)
    assert found["mens"].low == pytest.approx(0.0700, abs=2e-3)
    assert all(one.low > 0 and one.always_valid[0] > 0 for one in found.values())
