"""No model looks at what the law protects or at what people wrote freely."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.errors import DefinitionError
from engage.features.definition import Feature
from engage.project import load_models
from engage.scoring.barred import refuse_barred_features
from engage.settings import Settings
from tests.scoring.conftest import MakeModel

LISTS = (Settings().fairness.protected, Settings().fairness.free_text)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("age", "=age"),
        ("Age", "=age"),
        ("customer_age", "customer age"),
        ("age_group_of_customer", "age group"),
        ("maritalStatus", "marital"),
        ("SexualOrientation", "sexual"),
        ("has_trade_union_card", "trade union"),
        ("health_insurance", "health"),
        ("date_of_birth", "birth"),
        ("GENDER", "gender"),
        ("agent_notes", "notes"),
        ("chat_transcript", "transcript"),
    ],
)
def test_a_feature_called_so_is_refused(model: MakeModel, name: str, word: str) -> None:
    wrong = model(features=(Feature(name, "category", ""),))
    with pytest.raises(
        DefinitionError, match=f"model intent: the feature '{name}'.*'{word}' is barred"
    ):
        refuse_barred_features(wrong, *LISTS)


@pytest.mark.parametrize(
    "name",
    [
        "pages",
        "usage_30d",
        "age_weeks",
        "account_age_d",
        "message_count",
        "essex",
        "notebook",
        "racecar",
    ],
)
def test_a_word_within_another_word_is_no_match(model: MakeModel, name: str) -> None:
    named = model(features=(Feature(name, "number", ""),))
    refuse_barred_features(named, *LISTS)


def test_another_name_for_a_barred_attribute_does_not_help(model: MakeModel) -> None:
    query = "SELECT s.subject_id, s.as_of, j_text(p.attributes, 'gender') AS device FROM subjects s"
    with pytest.raises(DefinitionError, match="its query reads the attribute 'gender'"):
        refuse_barred_features(model(query=query), *LISTS)


def test_what_is_taken_off_the_list_is_allowed(model: MakeModel) -> None:
    named = model(features=(Feature("age", "number", ""),))
    refuse_barred_features(named, [word for word in LISTS[0] if word != "=age"], LISTS[1])


def test_the_shipped_models_know_nothing_barred() -> None:
    for one in load_models(Path(__file__).parents[2] / "models").values():
        refuse_barred_features(one, *LISTS)
