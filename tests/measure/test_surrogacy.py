"""Whether predicted value may stand in for margin, on cohorts whose answer is arithmetic."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import spearmanr

from engage.measure import report
from engage.measure.surrogacy import Figure, Verdict, arms, level, relation, verdict
from tests.measure.conftest import DAY, START, at, history, qualifications
from tests.measure.test_report import NOW, WATCHED, built, night, people

RNG = np.random.default_rng(1)


# ── Person by person ─────────────────────────────────────────────────────────────────────────────


def test_slope_and_interval_by_hand() -> None:
    """x -1 -1 1 1, y 0 2 1 5: slope (3 - 1) / 2 = 1, intercept 2, residuals -1 1 -2 2.

    HC1: 4 / 2 x (1 + 1 + 4 + 4) / 4^2 = 1.25; t of 2 degrees at .975 is 4.3027: 4.8106 each way.
    """
    found = relation(np.array([0.0, 2, 1, 5]), np.array([-1.0, -1, 1, 1]))
    assert (found.slope.estimate, found.intercept.estimate) == pytest.approx((1.0, 2.0))
    assert (found.slope.low, found.slope.high) == pytest.approx((1 - 4.8106, 1 + 4.8106), abs=1e-3)
    assert found.people == 4


def test_the_slope_of_change_is_told_beside_the_value_of_before() -> None:
    """Half of each change came true, and 7 more for everybody: slope .5, intercept 7."""
    before, after = RNG.gamma(2, 500, 300), RNG.gamma(2, 500, 300)
    found = relation(before + 0.5 * (after - before) + 7, after, before)
    assert found.slope.estimate == pytest.approx(0.5)
    assert found.intercept.estimate == pytest.approx(7.0)
    assert found.slope.high - found.slope.low < 1e-6


def test_errors_of_before_make_no_slope() -> None:
    """Values that know nothing, around 1,000: M - V0 on V1 - V0 has slope .5 by V0's errors alone."""
    before, after, margin = RNG.normal(1_000, 100, (3, 20_000))
    assert np.polyfit(after - before, margin - before, 1)[0] == pytest.approx(0.5, abs=0.03)
    slope = relation(margin, after, before).slope
    assert slope.low < 0 < slope.high < 0.05


def test_the_rank_correlation_is_spearman_s_with_bonett_and_wright_s_interval() -> None:
    """Seven ranks, squared differences 9 9 4 4 1 1 0: 1 - 6 x 28 / (7 x 48) = .5.

    atanh .5 = .5493; 1.96 sqrt((1 + .125) / 4) = 1.0394; tanh of -.4901 and of 1.5887.
    """
    found = relation(np.array([4.0, 3, 2, 1, 7, 6, 5]), np.arange(7.0)).rank_correlation
    assert found.estimate == pytest.approx(0.5)
    assert (found.low, found.high) == pytest.approx((-0.4543, 0.9199), abs=1e-3)
    one, other = RNG.gamma(1, 1, (2, 50))
    tied = np.round(one + other, 0)
    expected = spearmanr(one, tied).statistic
    assert relation(one, tied).rank_correlation.estimate == pytest.approx(expected)


def test_where_everybody_brings_the_same_there_is_no_rank() -> None:
    assert math.isnan(relation(np.zeros(9), np.arange(9.0)).rank_correlation.estimate)


# ── Group against group ──────────────────────────────────────────────────────────────────────────


def test_the_effects_and_what_lies_between_them_by_hand() -> None:
    """Predicted +10 on average, +8 came: 2 less, and the stand-in explains 10 / 8 of it."""
    treated = np.arange(8) < 4
    before = np.full(8, 100.0)
    predicted = before + np.array([9.0, 11, 10, 10, 0, 0, 1, -1])
    realised = before + np.array([7.0, 9, 8, 8, 0, 0, 1, -1])
    found = arms(realised, predicted, before, treated)
    assert found.on_surrogate.estimate == pytest.approx(10.0)
    assert found.on_margin.estimate == pytest.approx(8.0)
    assert found.difference.estimate == pytest.approx(-2.0)
    assert (
        found.difference.high - found.difference.low < 1e-6
    )  # the same people, so no chance in it
    assert found.explained == pytest.approx(1.25)


def test_the_difference_is_that_of_the_effects_whatever_people_were_worth() -> None:
    treated = RNG.random(400) < 0.5
    before, predicted, realised = RNG.gamma(1, 500, (3, 400))
    weights = np.where(treated, 1 / 0.7, 1 / 0.3)
    found = arms(realised, predicted, before, treated, weights)
    assert found.difference.estimate == pytest.approx(
        found.on_margin.estimate - found.on_surrogate.estimate
    )
    assert math.isnan(found.explained)  # nothing was changed, so that there is nothing to explain


def test_the_level_by_hand() -> None:
    """3 1 2 2 more than predicted: 2 on average; t of 3 degrees 3.1824 x sqrt(2 / 3) / 2 = 1.2992."""
    found = level(np.array([13.0, 11, 12, 12]), np.full(4, 10.0))
    assert (found.estimate, found.low, found.high) == pytest.approx((2, 0.7008, 3.2992), abs=1e-3)


@pytest.mark.parametrize(
    ("slope", "apart", "expected"),
    [
        ((0.8, 1.2), (-1, 1), Verdict.HOLDS),
        ((0.8, 1.2), (1, 4), Verdict.HOLDS),
        ((0.8, 1.2), (1, 6), Verdict.DOES_NOT_HOLD),
        ((0.8, 1.2), (-6, 6), Verdict.TOO_EARLY),
        ((0.4, 1.2), (-1, 1), Verdict.TOO_EARLY),
        ((0.1, 0.4), (-1, 1), Verdict.DOES_NOT_HOLD),
        ((2.1, 2.4), (-1, 1), Verdict.DOES_NOT_HOLD),
    ],
    ids=["both", "off by little", "surely off", "unsure", "perhaps flat", "flat", "steep"],
)
def test_the_verdict_needs_both(
    slope: tuple[float, float], apart: tuple[float, float], expected: Verdict
) -> None:
    """An error of 5 is allowed."""
    found = relation(np.arange(9.0), np.arange(9.0))
    object.__setattr__(found, "slope", Figure(sum(slope) / 2, *slope))
    assert verdict(found, Figure(sum(apart) / 2, *apart), 5.0) is expected


# ── In the report ────────────────────────────────────────────────────────────────────────────────


def value(number: int, day: float) -> int:
    """Return what a person is worth: 7,300 and more; the treated 1,460 more on day 30."""
    gained = 1_460 if day and number % 2 == 0 else 0
    return 7_300 + 73 * (number % 10) + gained + (365 if day and number % 3 == 0 else 0)


def valued(n: int, *days: float) -> pa.Table:
    rows = [(f"at_night_{one}", day, value(one, day)) for one in range(n) for day in days]
    return pa.table(
        {
            "person_id": [who for who, _, _ in rows],
            "as_of": pa.array([at(day) for _, day, _ in rows], pa.timestamp("us")),
            "artifact_id": ["art_1"] * len(rows),
            "value_minor": [minor for _, _, minor in rows],
        }
    )


def margins(n: int, day: float, later: float, of: float = 1.0) -> list[dict[str, Any]]:
    """Return one booking a person: a share of what they were worth on a day."""
    return [
        {"person_id": f"at_night_{one}", "at": later, "margin_minor": round(of * value(one, day))}
        for one in range(n)
    ]


def checked(n: int, now: datetime, booked: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    build = {"valued": valued(n, 0, 30), **more}
    rows = people(n, days=10.0)
    entry = night(built(rows, now=now, build=build, transactions=booked))
    found: dict[str, Any] = entry["surrogacy"]
    return found | {"sentences": entry["sentences"]}


def test_money_that_bears_the_prediction_out_lets_it_stand_in() -> None:
    """All of the value of day 30 came in by day 395: slope 1, 1,460 against 1,460."""
    found = checked(400, START + 396 * DAY, margins(400, 30, 300))
    assert (found["verdict"], found["window"]) == ("holds", "365 d")
    assert (found["n_treated"], found["n_held_out"]) == (200, 200)
    assert found["slope"]["estimate"] == pytest.approx(1.0)
    assert found["intercept"]["estimate"] == pytest.approx(0.0, abs=1e-6)
    assert found["on_margin"]["estimate"] == pytest.approx(found["on_surrogate"]["estimate"])
    assert found["on_surrogate"]["estimate"] == pytest.approx(1_460, abs=5)
    assert found["explained"] == pytest.approx(1.0)
    assert found["by_arm"]["held_out"]["slope"]["estimate"] == pytest.approx(1.0)
    assert any(one.startswith("As a stand-in for realised margin: holds") for one in found["sentences"])  # fmt: skip


def test_half_a_year_is_held_against_its_share_of_the_value() -> None:
    """180 of 365 days: 36 of every 73; on day 211 nobody has lived through a year."""
    found = checked(400, START + 211 * DAY, margins(400, 30, 200, 36 / 73))
    assert (found["verdict"], found["window"]) == ("holds", "180 d")
    assert found["slope"]["estimate"] == pytest.approx(1.0, abs=0.01)
    assert found["on_surrogate"]["estimate"] == pytest.approx(1_460 * 36 / 73, abs=5)


def test_money_that_stays_as_before_does_not_let_it_stand_in() -> None:
    found = checked(400, START + 396 * DAY, margins(400, 0, 300))
    assert found["verdict"] == "does not hold"
    assert found["slope"]["estimate"] == pytest.approx(0.0, abs=1e-6)
    assert found["explained"] is None
    assert found["on_margin"]["estimate"] == pytest.approx(0.0, abs=1e-6)


def test_margin_counts_from_the_later_value_on() -> None:
    """What came in on day 29 is no part of it."""
    early = margins(400, 30, 29)
    found = checked(400, START + 396 * DAY, margins(400, 30, 300) + early)
    assert found["slope"]["estimate"] == pytest.approx(1.0)


def test_before_enough_people_have_lived_through_it_it_is_too_early() -> None:
    few = checked(198, START + 396 * DAY, margins(198, 30, 300))
    assert (few["verdict"], few["n_treated"], few["n_held_out"]) == ("too early to tell", 99, 99)
    assert "100 people of each group" in few["why"]
    soon = checked(400, START + 209 * DAY, margins(400, 30, 200))
    assert (soon["verdict"], soon["n_treated"], soon["window"]) == ("too early to tell", 0, None)
    assert "slope" not in soon


def test_without_values_or_with_uneven_groups_nothing_is_said_of_it() -> None:
    none = checked(400, NOW, [], valued=None)
    assert (none["verdict"], "no model" in none["why"]) == ("too early to tell", True)
    kept = [one for n, one in enumerate(people(600, days=10.0)) if n % 2 == 0 or n % 3 == 0]
    build = {"valued": valued(600, 0, 30)}
    found = built(kept, START + 396 * DAY, build, transactions=margins(600, 30, 300))
    assert "more uneven than chance allows" in night(found)["surrogacy"]["why"]


def test_the_engine_as_a_whole_is_checked_too() -> None:
    rows = qualifications(*people(4))
    with history() as engine:
        found = report.build(engine, rows, WATCHED, now=NOW)
    assert found["global"]["surrogacy"]["verdict"] == "too early to tell"
