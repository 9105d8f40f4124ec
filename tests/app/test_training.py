"""How many examples a model needs: what the settings ask for, or its own gates where they ask more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engage.app.training import Outcome, train_model
from tests.bank import Bank


def train(bank: Bank, *, setting: int, gate: int) -> Outcome:
    scoring = bank.app.settings.scoring.model_copy(update={"min_rows": setting})
    settings = bank.app.settings.model_copy(update={"scoring": scoring})
    model = bank.app.models["customer_value"]
    asked = replace(model, gates=replace(model.gates, min_rows=gate))
    return train_model(replace(bank.app, settings=settings), asked)


@pytest.mark.parametrize(("setting", "gate"), [(100_000, 1), (1, 100_000)], ids=["setting", "gate"])
def test_the_higher_of_setting_and_gate_is_the_floor(
    learned: Bank, setting: int, gate: int
) -> None:
    refused = train(learned, setting=setting, gate=gate).refused
    assert refused.startswith("model customer_value: ")
    assert "labelled rows, 100000 are needed" in refused


def test_a_model_with_rows_enough_for_both_is_trained(learned: Bank) -> None:
    assert not train(learned, setting=50, gate=20).refused
