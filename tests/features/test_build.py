"""A feature query becomes one row per subject, in the subjects' order, or is refused by name."""

from __future__ import annotations

import pyarrow as pa
import pytest

from engage.errors import DefinitionError
from engage.features.build import batches, build
from engage.features.definition import Feature
from engage.features.engines.duckdb import DuckEngine
from tests.features.rows import NOON, at, event, subjects, table

PAGES = Feature("pages", "integer", "pages seen")
COUNT_PAGES = """
SELECT s.subject_id, s.as_of, count(*) AS pages
FROM subjects AS s JOIN events AS e ON e.person_id = s.person_id AND e.known_at <= s.as_of
GROUP BY s.subject_id, s.as_of
"""
EVENTS = table("events", event(1, at(hours=-2)), event(2, at(hours=-1)), event(3, NOON))


def built(query: str, *features: Feature, rows: pa.Table | None = None) -> pa.Table:
    given = subjects(("s", "ann", NOON)) if rows is None else rows
    with DuckEngine({"events": EVENTS}) as engine:
        return build(engine, query, features, given, barred=("decisions",), name="my_model")


def test_there_is_one_row_per_subject_in_the_subjects_order() -> None:
    given = subjects(
        ("visit", "ann", NOON),
        ("nobody", "bob", NOON),
        ("visit", "ann", at(hours=-1)),
        ("visit", "ann", at(hours=-3)),
    )

    found = built(COUNT_PAGES, PAGES, rows=given)

    assert found.select(["subject_id", "person_id", "as_of"]).equals(given)
    assert found["pages"].to_pylist() == [3, None, 2, None]


def test_the_order_holds_for_many_subjects() -> None:
    names = [f"s{number * 7919 % 60_013}" for number in range(60_000)]
    given = pa.table({"subject_id": names, "person_id": names, "as_of": [NOON] * len(names)})
    query = (
        "SELECT subject_id, as_of, length(subject_id) AS pages FROM subjects ORDER BY subject_id"
    )

    found = built(query, PAGES, rows=given)

    assert found["subject_id"].to_pylist() == names
    assert found["pages"].to_pylist() == [len(name) for name in names]


def test_where_subjects_are_cut_into_batches_shows_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    given = subjects(*((f"s{n}", ("ann", "bob")[n % 2], at(hours=-n % 4)) for n in range(10)))
    whole = built(COUNT_PAGES, PAGES, rows=given)

    monkeypatch.setattr("engage.features.build.BATCH", 3)

    assert [batch.num_rows for batch in batches(given)] == [3, 3, 3, 1]
    assert built(COUNT_PAGES, PAGES, rows=given).equals(whole)
    assert built(COUNT_PAGES, PAGES, rows=given.slice(0, 0)).equals(whole.slice(0, 0))


def test_features_come_in_their_declared_types_and_order() -> None:
    features = (
        Feature("word", "category", "a word"),
        Feature("amount", "number", "an amount"),
        Feature("flag", "flag", "a flag"),
        Feature("total", "integer", "a total of big numbers"),
        Feature("nothing", "integer", "never known"),
    )
    query = """
    SELECT subject_id, as_of, true AS flag, 1.5 AS amount, 'x' AS word,
        (SELECT sum(us(ts)) FROM events) AS total, NULL AS nothing
    FROM subjects
    """

    found = built(query, *features)

    assert [(field.name, field.type) for field in found.schema][3:] == [
        ("word", pa.string()),
        ("amount", pa.float64()),
        ("flag", pa.bool_()),
        ("total", pa.int64()),
        ("nothing", pa.int64()),
    ]
    assert found["word"].to_pylist() == ["x"]
    assert found["nothing"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ("subject_id, as_of", "my_model: .* must return the column 'pages' once"),
        ("subject_id, 1 AS pages", "my_model: .*'as_of' once"),
        ("subject_id, as_of, 1 AS pages, 2 AS views", "my_model: .*'views', which is no feature"),
        ("subject_id, as_of, 1 AS pages, 2 AS pages", "my_model: .*'pages'"),
        ("subject_id, as_of, 'one' AS pages", "my_model: .*'pages' is declared integer .* string"),
        ("subject_id, as_of, 1.5 AS pages", "my_model: .*'pages' is declared integer"),
        ("subject_id, 'today' AS as_of, 1 AS pages", "my_model: .*'as_of'"),
        ("subject_id, as_of, pges AS pages", "my_model: .*pges"),
    ],
)
def test_a_query_that_returns_other_columns_is_refused(select: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        built(f"SELECT {select} FROM subjects", PAGES)


def test_a_query_with_two_rows_for_a_subject_is_refused() -> None:
    query = "SELECT s.subject_id, s.as_of, 1 AS pages FROM subjects AS s JOIN events ON true"

    with pytest.raises(DefinitionError, match=r"my_model: .* more than once; group by"):
        built(query, PAGES)


def test_the_same_subject_twice_for_one_moment_is_refused() -> None:
    twice = subjects(("s", "ann", NOON), ("s", "ann", NOON))

    with pytest.raises(DefinitionError, match="stands twice"):
        built(COUNT_PAGES, PAGES, rows=twice)


@pytest.mark.parametrize("missing", ["subject_id", "person_id", "as_of"])
def test_subjects_must_be_whole(missing: str) -> None:
    with pytest.raises(DefinitionError, match=missing):
        built(COUNT_PAGES, PAGES, rows=subjects(("s", "ann", NOON)).drop_columns([missing]))


def test_a_subject_without_a_person_is_refused() -> None:
    nobody = pa.table({"subject_id": ["s"], "person_id": pa.array([None], pa.string())})

    with pytest.raises(DefinitionError, match="types they need"):
        built(COUNT_PAGES, PAGES, rows=nobody.append_column("as_of", pa.array([NOON])))


@pytest.mark.parametrize(
    "source",
    ["decisions", "(SELECT * FROM decisions)", "approached"],
    ids=["directly", "in a subquery", "through a view"],
)
def test_a_barred_relation_is_refused_however_it_is_read(source: str) -> None:
    query = f"SELECT s.subject_id, s.as_of, 1 AS pages FROM subjects AS s, {source} AS d"

    with pytest.raises(DefinitionError, match="my_model: its query reads 'decisions'"):
        built(query, PAGES)


def test_no_subjects_give_an_empty_frame_with_all_columns() -> None:
    found = built(COUNT_PAGES, PAGES, rows=subjects())

    assert found.num_rows == 0
    assert found.column_names == ["subject_id", "person_id", "as_of", "pages"]
