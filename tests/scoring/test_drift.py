"""The alarm fires when people have changed, and not because they are few or come again."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from engage.features.definition import Feature
from engage.scoring.drift import Limits, Shift, holm, shifts, silences
from engage.scoring.population import BINS, Population, learn, reference, stored

Floats = NDArray[np.float64]
PAGES = Feature("pages", "integer", "")
DEVICE = Feature("device", "category", "")
SECONDS = Feature("seconds", "number", "")
FEATURES = (PAGES, DEVICE, SECONDS)
MONDAY = np.datetime64("2026-01-05", "us")
DAY = np.timedelta64(1, "D")


def visits(
    seed: int,
    rows: int,
    *,
    each: int = 1,
    device: tuple[float, float] = (0.7, 0.3),
    shift: float = 0,
) -> pa.Table:
    """Return visits over one week, `each` of one person, whose device and pages are its own."""
    rng = np.random.default_rng(seed)
    people = rows // each
    who = np.repeat(np.arange(people), each)
    return pa.table(
        {
            "person_id": [f"per_{one}" for one in who],
            "as_of": pa.array(MONDAY + (rng.random(rows) * 7 * 86_400e6).astype("m8[us]")),
            "pages": pa.array(rng.poisson(3, people)[who]),
            "device": pa.array(rng.choice(["phone", "desk"], people, p=device)[who].astype(object)),
            "seconds": pa.array(rng.exponential(60, people)[who] + shift),
        }
    )


def known(frame: pa.Table) -> dict[str, Population]:
    rows = frame.num_rows
    kept = reference(FEATURES, frame, np.linspace(0, 1, rows), np.ones(rows, dtype=bool))
    return stored({"reference": kept})


def found(then: pa.Table, now: pa.Table) -> dict[str, Shift]:
    return compared(known(then), now)


def compared(populations: dict[str, Population], now: pa.Table) -> dict[str, Shift]:
    scores = np.linspace(0, 1, now.num_rows)
    return {one.name: one for one in shifts(populations, now, scores, Limits())}


def test_a_change_is_found_and_told_in_words() -> None:
    device = found(visits(1, 5000), visits(2, 1000, device=(0.3, 0.7)))["device"]
    assert device.drifted
    assert device.where in ("'phone'", "'desk'")
    # (.3 - .7) ln(.3 / .7) + (.7 - .3) ln(.7 / .3) = .8 ln(7 / 3) = .678
    assert device.psi == pytest.approx(0.678, abs=0.12)
    assert "of the rows in training" in device.words()


def test_what_stays_the_same_is_no_drift() -> None:
    assert not any(one.drifted for one in found(visits(1, 5000), visits(2, 1000)).values())


def test_the_expected_index_is_that_of_independent_rows() -> None:
    """(bins - 1)(1 / n + 1 / m): with one row a person, ten bins, 2,000 and 500 rows."""
    rng = np.random.default_rng(3)

    def table(rows: int) -> pa.Table:
        return visits(4, rows).set_column(4, "seconds", pa.array(rng.random(rows)))

    then, now = table(2000), table(500)
    seconds = found(then, now)["seconds"]
    assert seconds.by_chance == pytest.approx((BINS - 1) * (1 / 2000 + 1 / 500), rel=0.1)


def test_a_persons_rows_count_as_one_where_they_are_alike() -> None:
    """Twenty rows of each person, all the same: the index by chance is twenty times as large."""
    alone = found(visits(1, 20_000), visits(2, 2000))["device"].by_chance
    again = found(visits(1, 20_000), visits(2, 2000, each=20))["device"].by_chance
    assert again / alone == pytest.approx(20, rel=0.35)


def test_few_weeks_of_many_rows_of_few_people_raise_no_false_alarm() -> None:
    """Two hundred weeks of 60 people with twenty rows each; an index above .2 alone fires often."""
    then = known(visits(0, 8000, each=20))
    weeks = [compared(then, visits(seed, 1200, each=20)) for seed in range(1, 201)]
    alarms = sum(any(one.drifted for one in week.values()) for week in weeks)
    plain = sum(any(one.psi > 0.2 for one in week.values()) for week in weeks)
    assert alarms <= 10
    assert plain > 60


def test_chances_are_honest_without_drift() -> None:
    """Of 300 comparisons without drift about 5 % fall below .05: 15, give or take 11 (3 sd)."""
    then = known(visits(0, 50_000))
    ps = [compared(then, visits(seed, 400))["seconds"].p for seed in range(1, 301)]
    assert sum(p < 0.05 for p in ps) <= 26
    assert np.mean(ps) == pytest.approx(0.5, abs=0.06)


def test_a_word_never_seen_counts_as_another_word_and_not_as_missing() -> None:
    now = visits(2, 1000)
    renamed = pa.array(["tablet"] * 1000)
    device = found(visits(1, 5000), now.set_column(3, "device", renamed))["device"]
    assert (device.drifted, device.where, device.share_now) == (True, "another word", 1.0)


def test_what_goes_missing_has_its_own_bin() -> None:
    now = visits(2, 1000)
    gone = pa.array([None] * 1000, pa.float64())
    seconds = found(visits(1, 5000), now.set_column(4, "seconds", gone))["seconds"]
    assert (seconds.drifted, seconds.where, seconds.share_then) == (True, "missing", 0.0)


def test_numbers_beyond_all_that_was_seen_are_found() -> None:
    seconds = found(visits(1, 5000), visits(2, 1000, shift=10_000))["seconds"]
    assert seconds.drifted
    assert seconds.where.startswith("above ")


def test_infinite_counts_as_missing() -> None:
    column = pa.chunked_array([[1.0, float("inf"), float("-inf"), None]])
    assert learn(SECONDS, column, np.arange(4)).counts == (1, 0, 3)


def test_no_rows_are_no_drift() -> None:
    empty = visits(2, 0)
    assert not any(one.drifted for one in found(visits(1, 5000), empty).values())


def test_the_order_of_the_rows_changes_nothing() -> None:
    then, now = visits(1, 3000, each=3), visits(2, 600, each=3)
    turned = now.take(pa.array(np.random.default_rng(1).permutation(600)))
    scores = np.zeros(600)
    one = shifts(known(then), now, scores, Limits())
    other = shifts(known(then), turned, scores, Limits())
    assert [s.name for s in one] == [s.name for s in other]
    assert np.allclose([s.p for s in one], [s.p for s in other])


def test_a_small_change_that_is_certain_is_no_drift_and_a_large_one_by_chance_neither() -> None:
    certain = found(visits(1, 200_000), visits(2, 50_000, device=(0.67, 0.33)))["device"]
    assert (certain.p_family < 1e-6, certain.drifted) == (True, False)
    assert certain.psi < 0.01


def test_reference_and_alarm_agree_after_being_written_as_json() -> None:
    frame = visits(1, 500)
    kept = reference(FEATURES, frame, np.linspace(0, 1, 500), np.ones(500, dtype=bool))
    assert stored({"reference": json.loads(json.dumps(kept))}) == stored({"reference": kept})
    assert len(json.dumps(kept)) < 3000


def test_an_artifact_without_a_reference_has_nothing_to_compare() -> None:
    assert stored({}) == {}


def test_only_whole_weeks_back_from_the_newest_count() -> None:
    """Seventeen days, a row each: the newest fourteen, so that each weekday counts twice."""
    frame = visits(1, 17).set_column(1, "as_of", pa.array(MONDAY + np.arange(17) * DAY))
    assert reference(FEATURES, frame, np.zeros(17), np.ones(17, dtype=bool))["rows"] == 14


def test_of_people_scored_all_at_once_each_counts_as_last_seen() -> None:
    frame = visits(1, 30, each=3)
    kept = reference(FEATURES, frame, np.zeros(30), np.ones(30, dtype=bool), newest_only=True)
    assert (kept["rows"], kept["people"]) == (10, 10)


def test_holms_correction_by_hand() -> None:
    """Sorted .01 .02 .03 .5, times 4 3 2 1: .04, .06, .06 (never below the one before), .5."""
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])


class TestFreshness:
    """A feature that tells nothing for long, against its habit, is no longer fed."""

    def silent(self, from_day: int, *, hours: float = 24.0) -> dict[str, bool]:
        """Return which features are stale when `seconds` goes missing from a day on."""
        now = visits(2, 1400)
        late = now["as_of"].to_numpy() >= MONDAY + from_day * DAY
        seconds = np.where(late, np.nan, now["seconds"].to_numpy())
        gone = now.set_column(4, "seconds", pa.array(seconds, pa.float64(), from_pandas=True))
        end = MONDAY + 7 * DAY
        found = silences(known(visits(1, 5000)), gone, now=end, least_h=hours, limits=Limits())
        return {one.name: one.stale for one in found}

    def test_a_feed_that_stopped_two_days_ago_is_named(self) -> None:
        assert self.silent(5) == {"seconds": True, "pages": False, "device": False}

    def test_a_shorter_silence_than_asked_for_is_none(self) -> None:
        assert not any(self.silent(5, hours=72).values())

    def test_a_feature_that_seldom_tells_anything_may_be_silent(self) -> None:
        populations = known(visits(1, 5000))
        seldom = {**populations, "seconds": replace(populations["seconds"], unusual=0.0001)}
        now = visits(2, 1400)
        gone = now.set_column(4, "seconds", pa.array([None] * 1400, pa.float64()))
        found = silences(seldom, gone, now=MONDAY + 7 * DAY, least_h=24, limits=Limits())
        assert not any(one.stale for one in found)
