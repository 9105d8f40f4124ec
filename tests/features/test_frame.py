"""One frame per kind of subject, in which no column ever takes another's name."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from engage.errors import DefinitionError
from engage.features.definition import Feature
from engage.features.frame import (
    columns_of,
    features_of,
    merge,
    with_drops,
    with_person_scores,
    with_scores,
)
from tests.features.rows import NOON, subjects

PAGES = Feature("pages", "integer", "pages seen")
ERRORS = Feature("errors", "integer", "errors shown")
GIVEN = subjects(("s1", "ann", NOON), ("s2", "bob", NOON), ("s3", "ann", NOON))


def frame(**columns: list[object]) -> pa.Table:
    table = GIVEN
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return table


def test_a_feature_that_two_models_declare_alike_is_one_column() -> None:
    parts = {"intent": (PAGES,), "struggle": (PAGES, ERRORS)}

    merged = merge(
        {"intent": frame(pages=[1, 2, 3]), "struggle": frame(pages=[1, 2, 3], errors=[0, 1, 0])},
        parts,
    )

    assert merged.equals(frame(pages=[1, 2, 3], errors=[0, 1, 0]))
    assert list(features_of(parts)) == ["pages", "errors"]


@pytest.mark.parametrize(
    "other",
    [
        Feature("pages", "number", "pages seen"),
        Feature("pages", "integer", "pages seen in all visits"),
        Feature("pages", "integer", "pages seen", mention=False),
    ],
)
def test_two_features_of_one_name_that_are_not_alike_stop_the_start(other: Feature) -> None:
    with pytest.raises(DefinitionError, match="'pages' is defined by intent and by struggle"):
        features_of({"intent": (PAGES,), "struggle": (other,)})


def test_one_name_with_two_values_is_refused() -> None:
    with pytest.raises(DefinitionError, match="'pages': the queries of intent and struggle give"):
        merge(
            {"intent": frame(pages=[1, 2, 3]), "struggle": frame(pages=[1, 2, 4])},
            {"intent": (PAGES,), "struggle": (PAGES,)},
        )


def test_frames_over_different_subjects_are_refused() -> None:
    with pytest.raises(DefinitionError, match="different subjects"):
        merge(
            {"intent": frame(pages=[1, 2, 3]), "struggle": frame(errors=[1, 2, 3]).slice(1)},
            {"intent": (PAGES,), "struggle": (ERRORS,)},
        )


def test_a_score_may_not_take_the_name_of_a_feature() -> None:
    with pytest.raises(DefinitionError, match="score pages: there already is a column 'pages'"):
        columns_of({"intent": (PAGES,)}, ["pages"])
    with pytest.raises(DefinitionError, match="already is a column 'pages'"):
        with_scores(frame(pages=[1, 2, 3]), {"pages": np.zeros(3)})
    with pytest.raises(DefinitionError, match="already is a column 'pages'"):
        with_person_scores(frame(pages=[1, 2, 3]), scores(), ["pages"])


@pytest.mark.parametrize("name", ["person_id", "as_of", "returning", "two words", "true", "a.b"])
def test_a_feature_has_a_name_that_a_condition_can_write(name: str) -> None:
    with pytest.raises(DefinitionError, match="rename"):
        columns_of({"intent": (Feature(name, "flag", "a flag"),)})


def test_the_columns_of_a_frame_have_types() -> None:
    features = (PAGES, Feature("journey", "category", "what it is about"))

    assert columns_of({"intent": features}, ["intent"]) == pa.schema(
        [("pages", pa.int64()), ("journey", pa.string()), ("intent", pa.float64())]
    )


def test_scores_of_the_subjects_join_in_their_order() -> None:
    found = with_scores(GIVEN, {"intent": np.array([0.1, np.nan, 0.3])})

    assert found["intent"].to_pylist() == [0.1, None, 0.3]


def test_a_drop_is_what_a_score_has_lost_since_its_highest() -> None:
    """s1: .75 before, .5 now. s2: no score now. s3: lower before. s4 and s5: none before."""
    ids = ["s1", "s2", "s3", "s4", "s5"]
    now = pa.table({"subject_id": ids, "intent": [0.5, None, 0.6, 0.3, 0.2]})
    before = {
        "subject_id": ["s5", "s3", "s1", "s2", "s4"],
        "model": ["intent"] * 4 + ["struggle"],
        "score": [None, 0.4, 0.75, 0.9, 0.9],
    }

    found = with_drops(now, pa.table(before), ["intent"])

    assert found["intent_drop"].to_pylist() == [0.25, None, 0.0, 0.0, 0.0]
    assert found.schema.field("intent_drop").type == pa.float64()


def test_a_drop_takes_no_other_columns_name() -> None:
    with pytest.raises(DefinitionError, match="already is a column 'intent_drop'"):
        with_drops(frame(intent=[0.1] * 3, intent_drop=[0.1] * 3), scores(), ["intent"])


def scores() -> pa.Table:
    return pa.table(
        {
            "model": ["value", "risk", "value"],
            "person_id": ["bob", "bob", "eve"],
            "score": [5.0, 0.2, 7.0],
            "as_of": [NOON] * 3,
        }
    )


def test_a_persons_scores_join_every_row_of_that_person() -> None:
    found = with_person_scores(GIVEN, scores(), ["value", "risk", "other"])

    assert found["value"].to_pylist() == [None, 5.0, None]
    assert found["risk"].to_pylist() == [None, 0.2, None]
    assert found["other"].to_pylist() == [None, None, None]
    assert found["other"].type == pa.float64()


def test_two_scores_of_one_person_and_model_are_refused() -> None:
    with pytest.raises(DefinitionError, match="two scores of one model"):
        with_person_scores(GIVEN, pa.concat_tables([scores(), scores()]), ["value"])
