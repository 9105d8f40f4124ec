"""Scoring takes the columns it was trained on, whatever their order, and nothing else."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from engage.errors import ArtifactRefused
from engage.scoring.columns import FEW_ROWS, MOST_CATEGORIES, learn_categories
from engage.scoring.predict import Predictor
from engage.scoring.train import Trained
from tests.scoring.conftest import MakeModel, Shop


@pytest.fixture
def frame(shop: Shop) -> pa.Table:
    """Return fifty visits."""
    return shop(rows=50, seed=21)[0].frame


@pytest.fixture
def predictor(trained: Trained) -> Predictor:
    """Return the shop's model."""
    return Predictor(trained.artifact)


def changed(frame: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """Return the frame with this column replaced."""
    return frame.set_column(frame.column_names.index(name), name, values)


def test_a_word_never_seen_scores_like_a_missing_one(predictor: Predictor, frame: pa.Table) -> None:
    unseen = changed(frame, "device", pa.array(["fridge"] * 50))
    missing = changed(frame, "device", pa.nulls(50, pa.string()))
    assert np.array_equal(predictor.score(unseen), predictor.score(missing))


def test_a_missing_value_of_any_type_is_scored(predictor: Predictor, frame: pa.Table) -> None:
    for name in ("views", "seconds", "logged_in", "device"):
        empty = changed(frame, name, pa.nulls(50, frame.schema.field(name).type))
        untyped = changed(frame, name, pa.nulls(50))
        assert np.isfinite(predictor.score(empty)).all()
        assert np.array_equal(predictor.score(untyped), predictor.score(empty))


def test_columns_are_found_by_name(predictor: Predictor, frame: pa.Table) -> None:
    backwards = frame.select(frame.column_names[::-1]).append_column("more", pa.array(range(50)))
    assert np.array_equal(predictor.score(backwards), predictor.score(frame))


def test_one_row_scores_as_it_does_among_many(predictor: Predictor, frame: pa.Table) -> None:
    alone = [predictor.score(frame.slice(one, 1))[0] for one in range(50)]
    assert np.array_equal(alone, predictor.score(frame))


def test_few_rows_of_any_type_become_the_same_numbers(
    predictor: Predictor, frame: pa.Table
) -> None:
    devices = ["phone", None, "fridge", *frame["device"].to_pylist()[3:]]
    flags = [None, True, False, *frame["logged_in"].to_pylist()[3:]]
    odd = changed(frame, "device", pa.array(devices, pa.string()).dictionary_encode())
    odd = changed(odd, "logged_in", pa.array(flags, pa.bool_()))
    odd = changed(odd, "views", odd["views"].cast(pa.int32()))
    odd = changed(odd, "seconds", odd["seconds"].cast(pa.float32()))
    many = predictor.encode(odd)
    assert len(many) > FEW_ROWS
    assert np.isnan(many).any()
    for rows in (1, 2, FEW_ROWS):
        parts = [predictor.encode(odd.slice(first, rows)) for first in range(0, 50, rows)]
        assert np.array_equal(np.concatenate(parts), many, equal_nan=True)


def test_threads_do_not_change_a_score(trained: Trained, frame: pa.Table) -> None:
    two = Predictor(trained.artifact, threads=2)
    assert np.array_equal(two.score(frame), Predictor(trained.artifact).score(frame))


def test_no_rows_give_no_scores(predictor: Predictor, frame: pa.Table) -> None:
    assert predictor.score(frame.slice(0, 0)).shape == (0,)


def test_words_may_come_dictionary_encoded_or_large(predictor: Predictor, frame: pa.Table) -> None:
    for kind in (pa.dictionary(pa.int32(), pa.string()), pa.large_string(), pa.string_view()):
        other = changed(frame, "device", frame.column("device").cast(kind))
        assert np.array_equal(predictor.score(other), predictor.score(frame))


def test_a_missing_column_is_refused_by_name(predictor: Predictor, frame: pa.Table) -> None:
    with pytest.raises(ArtifactRefused, match="column seconds is not in the frame"):
        predictor.score(frame.drop_columns(["seconds"]))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("views", pa.array(["1"] * 50)),
        ("views", pa.array([1.5] * 50)),
        ("seconds", pa.array([True] * 50)),
        ("logged_in", pa.array([1] * 50)),
        ("device", pa.array([1] * 50)),
    ],
)
def test_a_column_of_another_type_is_refused_by_name(
    predictor: Predictor, frame: pa.Table, name: str, values: pa.Array
) -> None:
    with pytest.raises(ArtifactRefused, match=f"column {name} holds"):
        predictor.score(changed(frame, name, values))


def test_too_many_words_keep_the_most_frequent(model: MakeModel) -> None:
    words = [f"w{one:03d}" for one in range(MOST_CATEGORIES + 5) for _ in range(1 + (one >= 5))]
    frame = pa.table({"device": pa.array(words)})
    kept = learn_categories(frame, model().features[3:])["device"]
    assert kept == [f"w{one:03d}" for one in range(5, MOST_CATEGORIES + 5)]


def test_a_frame_in_many_pieces_scores_as_in_one(predictor: Predictor, frame: pa.Table) -> None:
    pieces = pa.concat_tables([frame.slice(0, 7), frame.slice(7, 1), frame.slice(8)])
    assert pieces.column("device").num_chunks == 3
    assert np.array_equal(predictor.score(pieces), predictor.score(frame))


def test_a_frame_of_another_shape_is_looked_at_anew(predictor: Predictor, frame: pa.Table) -> None:
    expected = predictor.score(frame)
    backwards = frame.select(frame.column_names[::-1])
    assert np.array_equal(predictor.score(backwards), expected)
    with pytest.raises(ArtifactRefused, match="views is not in the frame"):
        predictor.score(frame.drop_columns(["views"]))
    assert np.array_equal(predictor.score(frame), expected)
