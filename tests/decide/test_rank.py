from __future__ import annotations

import numpy as np
import pandas as pd

from engage.decide.rank import rank
from tests.decide.world import DAY, HOUR, NOON, us

COLUMNS = ("subject_id", "hours", "severity", "value_minor", "agent_minutes")


def waiting(*rows: tuple[str, float, float, int, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    opened = [us(NOON - hours * HOUR) for hours in frame.pop("hours")]
    return frame.assign(
        person_id=["per_" + one for one in frame["subject_id"]],
        opened_at=np.asarray(opened, "datetime64[us]"),
    )


CASES = waiting(
    ("rich", 1, 0.5, 9_000, 6),  # 1,500 a minute
    ("quick", 2, 0.5, 4_000, 2),  # 2,000 a minute
    ("poor", 3, 0.5, 60, 6),
    ("old", 50, 0.1, 0, 6),
    ("older", 60, 0.1, 0, 6),
    ("hurt", 1, 0.95, 100, 6),
)


def names(ranked: pd.DataFrame) -> list[str]:
    return ranked["subject_id"].tolist()


def test_age_and_severity_come_before_value() -> None:
    ranked = rank(CASES, 1_000, NOON)
    assert names(ranked) == ["older", "old", "hurt", "quick", "rich", "poor"]
    assert ranked["place"].tolist() == [1, 2, 3, 4, 5, 6]


def test_who_was_hit_hard_a_moment_ago_comes_before_value_too() -> None:
    fresh = waiting(("rich", 1, 0.5, 9_000, 6), ("hurt", 0, 0.95, 100, 6))
    assert names(rank(fresh, 1_000, NOON)) == ["hurt", "rich"]


def test_the_list_is_no_longer_than_the_free_minutes() -> None:
    # 6 + 6 + 6 + 2 = 20; the next would need 26.
    assert names(rank(CASES, 20, NOON)) == ["older", "old", "hurt", "quick"]
    assert names(rank(CASES, 25.9, NOON)) == ["older", "old", "hurt", "quick"]
    assert names(rank(CASES, 0, NOON)) == []


def test_nobody_waits_for_ever_because_of_a_low_value() -> None:
    assert names(rank(CASES, 6, NOON + 2 * DAY))[0] == "older"
    assert "poor" in names(rank(CASES, 38, NOON + 2 * DAY))
    waited = rank(CASES[CASES["subject_id"].isin(["poor", "rich"])], 6, NOON + 46 * HOUR)
    assert names(waited) == ["poor"]  # 49 hours against 47


def test_the_reasons_are_in_words() -> None:
    reasons = rank(CASES, 1_000, NOON).set_index("subject_id")["reasons"]
    assert reasons["old"] == ["waiting longer than 48 hours"]
    assert reasons["hurt"] == ["among the hardest hit"]
    assert reasons["rich"] == ["worth most per agent minute"]


def test_the_gain_per_minute_is_kept() -> None:
    ranked = rank(CASES, 1_000, NOON).set_index("subject_id")
    assert ranked.loc["rich", "rank_value"] == 1_500
    assert set(ranked.columns) >= {"place", "reasons", "person_id", "value_minor"}
    assert not [name for name in ranked.columns if name.startswith("_")]


def test_a_person_stands_on_the_list_once() -> None:
    twice = CASES.assign(person_id="per_same")
    assert names(rank(twice, 1_000, NOON)) == ["older"]


def test_the_order_of_what_came_in_leaves_no_trace() -> None:
    once = rank(CASES, 30, NOON)
    for seed in range(5):
        again = rank(CASES.sample(frac=1, random_state=seed), 30, NOON)
        pd.testing.assert_frame_equal(again[once.columns], once)


def test_an_empty_list_is_a_list() -> None:
    assert rank(CASES[:0], 30, NOON).empty
