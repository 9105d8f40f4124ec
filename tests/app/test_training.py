"""How many examples a model needs, by settings or its own gates, and which file a mistake is in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from engage.app.training import Outcome, train_model
from engage.errors import DefinitionError
from engage.scheduler import run_job
from engage.scoring.definition import Model
from tests.bank import Bank

NOWHERE = "SELECT 1 FROM nowhere"


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
    assert re.match(r"\d+ labelled rows, 100000 are needed", refused)


def test_a_model_with_rows_enough_for_both_is_trained(learned: Bank) -> None:
    assert not train(learned, setting=50, gate=20).refused


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        (lambda model: replace(model, query=NOWHERE), "models/customer_value.sql"),
        (lambda model: replace(model, label=NOWHERE), "models/customer_value.py"),
        (lambda model: replace(model, subjects=NOWHERE), "models/customer_value.py"),
    ],
    ids=["query", "label", "subjects"],
)
def test_a_query_that_cannot_be_run_is_told_with_its_file(
    learned: Bank, broken: Callable[[Model], Model], place: str
) -> None:
    model = broken(learned.app.models["customer_value"])
    with pytest.raises(DefinitionError, match=rf"^{place}: the query cannot be run: .*nowhere"):
        train_model(learned.app, model)


def test_a_query_that_cannot_be_run_is_told_with_its_file_when_scoring(bank: Bank) -> None:
    bank.abandon_forms(1)
    bank.later(seconds=30)
    broken = replace(bank.app.models["session_intent"], query=NOWHERE)
    app = replace(bank.app, models={**bank.app.models, "session_intent": broken})
    run = run_job(app, bank.project.jobs["score_sessions"], even_if_not_due=True)
    assert run is not None
    assert run.error.startswith("DefinitionError: models/session_intent.sql: the query cannot be")
