"""People left alone by chance stand for those whom we approached, and nobody else's row is touched."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from engage.features.engines.duckdb import DuckEngine
from engage.features.labels import LABEL
from engage.features.left_alone import CHANCES, is_about_the_left_alone, standing_for_all
from engage.features.schema import SUBJECTS
from tests.features.rows import at, table

_LABELLED = pa.schema([*SUBJECTS, LABEL])
WEEK = timedelta(days=7)
PEOPLE = 4_000
HELD, NONE = 0.5, 0.1
ALONE = HELD + (1 - HELD) * NONE
"""The chance that nobody approaches somebody of whom one decision is made: .55."""


def rows(people: list[str], label: list[float | None], day: float = 0) -> pa.Table:
    n = len(people)
    subjects = [f"of {one}" for one in people]
    return pa.table([subjects, people, [at(days=day)] * n, label], _LABELLED)


def decisions(
    people: list[str], trigger: str = "one", day: float = 1, held_globally: float = 0.0
) -> pa.Table:
    n = len(people)
    moment = [at(days=day)] * n
    return pa.table(
        [people, [trigger] * n, moment, [NONE] * n, [held_globally] * n, [HELD] * n], CHANCES
    )


def kept(labelled: pa.Table, chances: pa.Table, **relations: pa.Table) -> list[float | None]:
    with DuckEngine(relations) as engine:
        found = standing_for_all(engine, labelled, chances, WEEK, seed=1)
    assert found.drop_columns(["label"]).equals(labelled.drop_columns(["label"]))
    label: list[float | None] = found["label"].to_pylist()
    return label


def names(group: str, n: int = PEOPLE) -> list[str]:
    return [f"{group} {number}" for number in range(n)]


def share(label: list[float | None]) -> float:
    return sum(one is not None for one in label) / len(label)


def test_whoever_comes_back_counts_as_often_as_they_do() -> None:
    # Half of all come back; of each of those a decision is made, and whoever is approached then has
    # no label. Plainly .5 x .55 / (.5 x .55 + .5) = .355 of those with a label came back.
    back, gone = names("back"), names("gone")
    alone = np.random.default_rng(3).random(PEOPLE) < ALONE
    label = [1.0 if one else None for one in alone] + [0.0] * PEOPLE
    known = [one for one in label if one is not None]
    assert np.mean(known) == pytest.approx(0.355, abs=0.02)

    found = [one for one in kept(rows(back + gone, label), decisions(back)) if one is not None]

    # 4,400 rows are left, whose mean moves by .0075.
    assert np.mean(found) == pytest.approx(0.5, abs=0.03)


def test_rows_stay_in_proportion_to_how_rarely_they_are_left_alone() -> None:
    one, two, apart, none = (names(group) for group in ("one", "two", "apart", "none"))
    chances = pa.concat_tables(
        [
            decisions(one),
            decisions(two),
            decisions(two, "another"),
            decisions(apart, held_globally=0.1),
        ]
    )
    labelled = rows([*one, *two, *apart, *none], [1.0] * (4 * PEOPLE))

    found = np.array_split(np.array(kept(labelled, chances), dtype=object), 4)

    # The rarest by two triggers: .55 x .55 = .3025; with a tenth held out of everything .595.
    expected = [0.3025 / ALONE, 1.0, 0.3025 / 0.595, 0.3025]
    assert [share(part.tolist()) for part in found] == pytest.approx(expected, abs=0.03)


def test_two_decisions_of_one_trigger_are_held_out_together() -> None:
    # The arm is one: .5 + .5 x .1 x .1 = .505, not .55 squared.
    twice, once = names("twice"), names("once")
    chances = pa.concat_tables([decisions(twice), decisions(twice, day=2), decisions(once)])
    found = kept(rows([*twice, *once], [1.0] * (2 * PEOPLE)), chances)
    assert share(found[:PEOPLE]) == 1
    assert share(found[PEOPLE:]) == pytest.approx(0.505 / ALONE, abs=0.02)


def test_before_the_first_decision_everybody_stays() -> None:
    people = names("early", 200)
    assert share(kept(rows(people, [1.0] * 200, day=-10), decisions(people))) == 1


def test_a_decision_counts_within_one_horizon_before_and_after() -> None:
    near, far = names("near"), names("far")
    chances = pa.concat_tables([decisions(near, day=6.9), decisions(far, day=7.1)])
    chances = pa.concat_tables([chances, decisions(names("somebody", 1), day=-3)])
    found = kept(rows([*near, *far], [1.0] * (2 * PEOPLE)), chances)
    assert share(found[:PEOPLE]) == 1
    assert share(found[PEOPLE:]) == pytest.approx(ALONE, abs=0.03)


def test_what_was_decided_about_an_earlier_name_counts_for_the_person() -> None:
    browsers, people = names("browser"), names("person")
    told = [
        {"person_id": one, "canonical_id": other, "known_at": at(days=3)}
        for one, other in zip(browsers, people, strict=True)
    ]
    others = names("other")
    found = kept(
        rows([*people, *others], [1.0] * (2 * PEOPLE)),
        decisions(browsers),
        links=table("links", *told),
    )
    assert share(found[:PEOPLE]) == 1
    assert share(found[PEOPLE:]) == pytest.approx(ALONE, abs=0.03)


def test_neither_the_order_nor_what_is_unknown_matters() -> None:
    people = names("some", 300)
    labelled = rows(people, [None if n % 3 == 0 else float(n % 2) for n in range(300)])
    chances = decisions(people[::2])
    back = pa.array(range(299, -1, -1))
    assert kept(labelled.take(back), chances)[::-1] == kept(labelled, chances)


def test_without_decisions_every_row_stays() -> None:
    labelled = rows(names("all", 50), [0.0] * 50)
    assert share(kept(labelled, CHANCES.empty_table())) == 1


def test_only_labels_that_leave_out_the_approached_are_about_the_left_alone() -> None:
    assert is_about_the_left_alone("SELECT * FROM subjects LEFT JOIN approached AS a USING (as_of)")
    assert not is_about_the_left_alone("SELECT * FROM subjects")
