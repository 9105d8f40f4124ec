"""What became of each subject: whole relations, the person in the end, and null where unknown."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest

from engage.errors import DefinitionError
from engage.features.engines.duckdb import DuckEngine
from engage.features.labels import labels, leavings
from tests.features.rows import NOON, at, event, subjects, table

CAME_BACK = """
SELECT s.subject_id, s.as_of, count(e.event_id) > 0 AS label
FROM subjects AS s
LEFT JOIN events AS e ON e.person_id = s.final_id AND e.ts > s.as_of AND e.ts <= s.until
GROUP BY s.subject_id, s.as_of
"""
WEEK = timedelta(days=7)


def labelled(query: str, rows: pa.Table, **relations: pa.Table) -> list[float | None]:
    with DuckEngine(relations) as engine:
        found: list[float | None] = labels(engine, query, rows, WEEK, name="mine")[
            "label"
        ].to_pylist()
    return found


def test_a_label_looks_ahead_to_the_end_of_the_horizon() -> None:
    events = table("events", event(1, at(days=8)))
    given = subjects(("late", "ann", at(days=1)), ("early", "ann", at(minutes=-1)))

    assert labelled(CAME_BACK, given, events=events) == [1.0, 0.0]


def test_where_subjects_are_cut_into_batches_shows_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    events = table("events", event(1, at(days=2)))
    given = subjects(*((f"s{n}", ("ann", "bob")[n % 2], at(days=n % 4)) for n in range(10)))
    whole = labelled(CAME_BACK, given, events=events)

    monkeypatch.setattr("engage.features.build.BATCH", 3)

    # Ann's event of day 2 lies ahead of days 0 and 2 - but not of 2 itself - and Bob has none.
    assert whole == [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert labelled(CAME_BACK, given, events=events) == whole


def test_what_somebody_does_under_a_later_name_counts() -> None:
    events = table("events", event(1, at(days=2), person_id="ann"))
    links = table("links", {"person_id": "browser", "canonical_id": "ann", "known_at": at(days=90)})

    assert labelled(CAME_BACK, subjects(("s", "browser", NOON)), events=events, links=links) == [
        1.0
    ]


def test_a_subject_that_the_query_leaves_out_is_not_known() -> None:
    query = "SELECT subject_id, as_of, 1 AS label FROM subjects WHERE subject_id = 'a'"

    assert labelled(query, subjects(("b", "ann", NOON), ("a", "ann", NOON))) == [None, 1.0]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT subject_id, 1 AS label FROM subjects", "mine: .* must return"),
        ("SELECT subject_id, as_of, 1 AS outcome FROM subjects", "mine: .* must return"),
        (
            "SELECT subject_id, as_of, 1 AS label FROM subjects, (VALUES (1), (2))",
            "mine: .*more than once",
        ),
        ("SELECT nothing FROM subjects", "mine: .*nothing"),
    ],
)
def test_a_label_query_of_another_shape_is_refused(query: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        labelled(query, subjects(("s", "ann", NOON)))


LEFT = """
SELECT s.subject_id, s.as_of, min(e.ts) AS left_at
FROM subjects AS s JOIN events AS e ON e.person_id = s.final_id GROUP BY s.subject_id, s.as_of
"""


def test_who_left_is_known_by_the_moment_and_who_stays_by_none() -> None:
    rows = subjects(("ann", "ann", at(days=1)), ("bob", "bob", at(days=1)))
    with DuckEngine({"events": table("events", event(1, at(days=9)))}) as engine:
        found = leavings(engine, LEFT, rows, WEEK)
        with pytest.raises(DefinitionError, match="subject_id, as_of and left_at"):
            leavings(engine, LEFT.replace("left_at", "label"), rows, WEEK)
        with pytest.raises(DefinitionError, match="events"):
            leavings(engine, LEFT, rows, WEEK, barred=("events",))

    assert found["left_at"].to_pylist() == [at(days=9).replace(tzinfo=None), None]
