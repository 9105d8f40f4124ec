"""A condition's threshold is found in its parsed tree, and lowered without touching the rest."""

from __future__ import annotations

import pytest

from engage.errors import PredicateRefused
from engage.features.thresholds import lowered, threshold

SCORES = ("session_intent", "session_struggle")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("session_intent >= 0.3", "session_intent >= 0.25"),
        ("session_intent > .3", "session_intent > 0.25"),
        ("0.30 <= session_intent", "0.25 <= session_intent"),
        ("0.3 < SESSION_INTENT and views >= 1", "0.25 < SESSION_INTENT and views >= 1"),
        # Nested brackets are one AND; text before it counts in bytes, not in letters.
        (
            "city = 'Köln' and (views >= 1 and (session_intent >= 3e-1))",
            "city = 'Köln' and (views >= 1 and (session_intent >= 0.25))",
        ),
        # The upper end is no threshold, and stays.
        (
            "session_intent >= 0.3 and session_intent < 0.9",
            "session_intent >= 0.25 and session_intent < 0.9",
        ),
    ],
)
def test_only_the_number_is_another(condition: str, expected: str) -> None:
    assert lowered(condition, SCORES, 0.05) == expected


def test_decimals_are_subtracted_as_decimals() -> None:
    # In doubles .3 - .1 is .19999999999999998, which would let in more.
    assert lowered("session_intent >= 0.3", SCORES, 0.1) == "session_intent >= 0.2"


@pytest.mark.parametrize(
    "condition",
    [
        "views >= 1",
        "session_intent >= 0.3 or views >= 1",
        "not (session_intent >= 0.3)",
        "session_intent <= 0.3",
        "session_intent >= views / 10",
        "session_intent between 0.3 and 0.9",
        "coalesce(session_intent, 0) >= 0.3",
    ],
)
def test_where_there_is_no_threshold_it_says_how_one_is_written(condition: str) -> None:
    with pytest.raises(
        PredicateRefused, match=r"write `SCORE >= NUMBER`.* session_intent, session_s"
    ):
        threshold(condition, SCORES)


def test_of_two_thresholds_nobody_knows_which_is_meant() -> None:
    with pytest.raises(
        PredicateRefused, match=r"2 thresholds \(session_intent >= 0.3 and session_str"
    ):
        threshold("session_intent >= 0.3 and session_struggle >= 0.5", SCORES)


def test_a_band_that_reaches_zero_is_refused() -> None:
    assert threshold("session_intent >= 0.3", SCORES, above=0.29).score == "session_intent"
    with pytest.raises(
        PredicateRefused, match=r"threshold of session_intent is 0\.3; write a band sm"
    ):
        threshold("session_intent >= 0.3", SCORES, above=0.3)
