"""Reasons add up to the score and read as sentences."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from engage.errors import ArtifactRefused
from engage.features.definition import Feature
from engage.scoring.predict import Predictor
from engage.scoring.reasons import reasons
from engage.scoring.train import Trained
from tests.scoring.conftest import MakeModel, Shop


@pytest.fixture
def predictor(trained: Trained) -> Predictor:
    """Return the shop's model."""
    return Predictor(trained.artifact)


def visit(**values: object) -> pa.Table:
    """Return one visit."""
    row = {"views": 2, "seconds": 60.0, "logged_in": False, "device": "phone", **values}
    kinds = [pa.int64(), pa.float64(), pa.bool_(), pa.string()]
    return pa.table(
        {name: pa.array([row[name]], kind) for name, kind in zip(row, kinds, strict=True)}
    )


def test_the_parts_sum_to_the_raw_score(predictor: Predictor, shop: Shop) -> None:
    matrix = predictor.encode(shop(rows=300, seed=31)[0].frame)
    parts = predictor.contributions(matrix)
    assert parts.shape == (300, 5)
    assert parts.sum(axis=1) == pytest.approx(predictor.raw(matrix), abs=1e-9)


def test_the_strongest_reason_comes_first_with_its_value(
    predictor: Predictor, model: MakeModel
) -> None:
    (found,) = reasons(predictor, visit(views=9, device="desktop"), model().features, top=2)
    assert found == ("looked at the calculator 9 times", "came with a desktop")


def test_a_flag_that_holds_is_said_as_it_is(predictor: Predictor, model: MakeModel) -> None:
    (found,) = reasons(predictor, visit(views=0, seconds=5.0, logged_in=True), model().features)
    assert found == ("was logged in",)


def test_where_nothing_speaks_for_it_the_strongest_doubt_is_named(
    predictor: Predictor, model: MakeModel
) -> None:
    (found,) = reasons(predictor, visit(views=0, seconds=1.0), model().features)
    assert found == ("looked at the calculator 0 times (speaks against it)",)


def test_what_is_not_to_be_mentioned_is_passed_over(predictor: Predictor, model: MakeModel) -> None:
    quiet = tuple(replace(one, mention=one.name != "views") for one in model().features)
    (found,) = reasons(predictor, visit(views=9, device="desktop"), quiet)
    assert "calculator" not in " ".join(found)
    assert found[0] == "came with a desktop"


def test_at_most_top_reasons_are_given(predictor: Predictor, model: MakeModel) -> None:
    frame = visit(views=9, seconds=900.0, logged_in=True, device="desktop")
    assert [len(reasons(predictor, frame, model().features, top)[0]) for top in (0, 1, 3)] == [
        0,
        1,
        3,
    ]


def test_each_row_has_its_own_reasons(predictor: Predictor, model: MakeModel) -> None:
    frame = pa.concat_tables([visit(views=9), visit(views=0, logged_in=True)])
    first, second = reasons(predictor, frame, model().features, top=1)
    assert (first, second) == (("looked at the calculator 9 times",), ("was logged in",))


def test_parts_that_do_not_add_up_are_refused(
    predictor: Predictor, model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = predictor.raw
    monkeypatch.setattr(predictor, "raw", lambda matrix: raw(matrix) + 0.01)
    with pytest.raises(ArtifactRefused, match="do not add up"):
        reasons(predictor, visit(), model().features)


@pytest.mark.parametrize(
    ("meaning", "value", "sentence"),
    [
        ("waited {value} seconds", 12.0, "waited 12 seconds"),
        ("waited {value} seconds", 0.3333, "waited 0.333 seconds"),
        ("waited {value} seconds", 12345.6, "waited 12,346 seconds"),
        ("waited {value} seconds", None, "waited not known seconds"),
        ("waited {value} seconds", float("inf"), "waited not known seconds"),
        ("abandoned the queue", True, "abandoned the queue"),
        ("abandoned the queue", False, "abandoned the queue: no"),
        ("number of calls", 1200, "number of calls: 1,200"),
        ("queue", "cards", "queue: cards"),
    ],
)
def test_values_read_as_a_person_writes_them(meaning: str, value: object, sentence: str) -> None:
    from engage.scoring.reasons import _sentence

    assert _sentence(Feature("x", "number", meaning), value, against=False) == sentence


def test_no_rows_have_no_reasons(predictor: Predictor, model: MakeModel) -> None:
    assert reasons(predictor, visit().slice(0, 0), model().features) == []
