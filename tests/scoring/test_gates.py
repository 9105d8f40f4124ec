"""A worse or dishonest model never replaces the one in use."""

from __future__ import annotations

import pytest

from engage.domain.scores import Objective
from engage.scoring.gates import judge
from tests.scoring.conftest import MakeModel

GOOD = {"rows": 5000, "rarer": 400, "roc_auc": 0.8, "ece": 0.02, "ece_by_chance": 0.01}
AMOUNT = {"rows": 5000, "rarer": 400, "ngini": 0.5, "bias": -0.05, "bias_by_chance": 0.03}


def test_a_good_first_model_passes(model: MakeModel) -> None:
    assert judge(model(), GOOD, None) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rows": 199}, "199 labelled rows, 200 are needed"),
        ({"rarer": 29}, "29 rows of the rarer outcome, 30 are needed"),
        ({"roc_auc": 0.549}, "roc_auc is 0.549 on the newest rows, at least 0.550 is needed"),
        ({"roc_auc": None}, "roc_auc cannot be known"),
        ({"ece": 0.12}, "ece is 0.120 on the newest rows, of which chance may explain 0.010"),
    ],
)
def test_each_gate_says_what_failed(
    model: MakeModel, change: dict[str, float | None], words: str
) -> None:
    failures = judge(model(), {**GOOD, **change}, None)
    assert len(failures) == 1
    assert words in failures[0]


def test_an_error_that_chance_explains_is_not_held_against_a_model(model: MakeModel) -> None:
    assert judge(model(), {**GOOD, "ece": 0.12, "ece_by_chance": 0.08}, None) == ()


def test_noise_against_the_champion_is_allowed_and_a_real_loss_is_not(model: MakeModel) -> None:
    """min_gain is -.005: .796 against .800 passes, .794 does not."""
    assert judge(model(), {**GOOD, "roc_auc": 0.796}, {"roc_auc": 0.8}) == ()
    (failure,) = judge(model(), {**GOOD, "roc_auc": 0.794}, {"roc_auc": 0.8})
    assert "the model in use has 0.800 on the same rows" in failure


def test_a_champion_without_a_figure_does_not_block(model: MakeModel) -> None:
    assert judge(model(), GOOD, {"roc_auc": None}) == ()


def test_amounts_are_judged_by_gini_and_bias(model: MakeModel) -> None:
    value = model(objective=Objective.AMOUNT)
    assert judge(value, AMOUNT, None) == ()
    assert "ngini is 0.050" in judge(value, {**AMOUNT, "ngini": 0.05}, None)[0]
    assert "bias is 0.300" in judge(value, {**AMOUNT, "bias": -0.3}, None)[0]
    assert judge(value, {**AMOUNT, "bias": None}, None) == ()


def test_several_failures_are_all_named(model: MakeModel) -> None:
    assert len(judge(model(), {"rows": 1, "rarer": 1, "roc_auc": 0.5, "ece": 0.5}, None)) == 4
