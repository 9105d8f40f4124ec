"""How good a model is for each part of the people, and for groups that it knows nothing of."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from engage.domain.scores import Objective
from engage.features.definition import Feature
from engage.scoring.segments import by_feature, by_word, parity

Floats = NDArray[np.float64]


def people(
    seed: int, *, wronged: float = 0.0, rows: int = 6000
) -> tuple[pa.ChunkedArray, Floats, Floats]:
    """Return group, outcome and honest chance; group b is stated `wronged` too little."""
    rng = np.random.default_rng(seed)
    group = np.where(rng.random(rows) < 0.3, "b", "a")
    chance = rng.beta(2, 5, rows)
    happened = (rng.random(rows) < chance).astype(float)
    stated = np.where(group == "b", np.maximum(chance - wronged, 0.01), chance)
    return pa.chunked_array([group.astype(object).tolist()], pa.string()), happened, stated


def test_a_group_that_is_scored_too_low_is_named() -> None:
    column, happened, stated = people(1, wronged=0.1)
    a, b = parity(column, happened, stated, np.arange(6000))
    assert (a.group, a.unequal) == ("a", False)
    assert (b.group, b.unequal) == ("b", True)
    assert b.gap == pytest.approx(0.1, abs=0.03)
    assert b.low < b.gap < b.high


def test_equal_treatment_is_called_unequal_by_chance_seldom() -> None:
    """At 5 % over both groups, 200 draws give at most 10 and their noise; the gap must be .02 too."""
    verdicts = [
        any(one.unequal for one in parity(*people(seed, rows=1500), np.arange(1500)))
        for seed in range(200)
    ]
    assert sum(verdicts) <= 18


def test_the_interval_holds_zero_for_an_honest_group_at_its_level() -> None:
    inside = [
        line.low <= 0 <= line.high
        for seed in range(150)
        for line in parity(*people(seed, rows=1000), np.arange(1000))
    ]
    assert 0.92 <= np.mean(inside) <= 0.98


def test_those_in_the_top_tenth_are_counted_by_group() -> None:
    """Ten rows of each score .1 to 1.0; the highest tenth is the ten at 1.0, all of group a."""
    stated = np.repeat(np.arange(1, 11) / 10, 10)
    group = np.array(["b"] * 50 + ["a"] * 50, object)
    happened = (stated > 0.85).astype(float)
    a, b = parity(pa.chunked_array([group.tolist()]), happened, stated, np.arange(100))
    assert [a.chosen, a.found] == pytest.approx([0.2, 0.5])
    assert (b.chosen, b.found) == (0.0, None)


def test_groups_too_small_and_people_without_one_are_left_out() -> None:
    group = ["a"] * 60 + ["b"] * 49 + [None] * 91
    flat = np.full(200, 0.5)
    lines = parity(pa.chunked_array([group], pa.string()), flat.round(), flat, np.arange(200))
    assert [one.group for one in lines] == ["a"]


def test_each_words_figures_are_those_of_its_rows() -> None:
    column, happened, stated = people(1)
    words = by_word(Objective.PROBABILITY, column, happened, stated)
    assert list(words) == ["a", "b"]
    own = np.array(column.to_pylist()) == "b"
    assert words["b"]["n"] == own.sum()
    assert words["b"]["base_rate"] == pytest.approx(happened[own].mean())
    assert words["b"]["stated"] == pytest.approx(stated[own].mean())


def test_only_words_and_flags_make_segments_and_a_single_one_is_none() -> None:
    column, happened, stated = people(1)
    frame = pa.table(
        {"group": column, "same": pa.array(["x"] * 6000), "number": pa.array(np.arange(6000.0))}
    )
    features = [
        Feature("group", "category", ""),
        Feature("same", "category", ""),
        Feature("number", "number", ""),
    ]
    found = by_feature(features, Objective.PROBABILITY, frame, happened, stated)
    assert list(found) == ["group"]
