from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from engage.collect.identity import as_statements, flagged, links, owners
from tests.collect.samples import utc

NOON = utc(2026, 3, 1, 12)
SCHEMA = pa.schema(
    [("alias_id", pa.string()), ("person_id", pa.string()), ("known_at", pa.timestamp("us"))]
)

Statement = tuple[str, str, int]
"""The identity, whose it is, and the minute that was learned."""


def stated(*rows: Statement) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"alias_id": alias, "person_id": person, "known_at": NOON + timedelta(minutes=minute)}
            for alias, person, minute in rows
        ],
        schema=SCHEMA,
    )


def held(table: pa.Table) -> list[Statement]:
    return [
        (row["person_id"], row["canonical_id"], int((row["known_at"] - NOON).total_seconds() // 60))
        for row in table.to_pylist()
    ]


def test_an_identity_is_linked_from_the_day_it_was_first_stated() -> None:
    assert held(links(stated(("browser", "ada", 9), ("browser", "ada", 3)))) == [
        ("browser", "ada", 3)
    ]


def test_a_shared_computer_is_joined_with_nobody_and_marked() -> None:
    made = links(stated(("browser", "ada", 3), ("browser", "grace", 5), ("phone", "ada", 7)))
    assert held(made) == [("browser", "browser", 3), ("phone", "ada", 7)]
    assert flagged(made)["person_id"].to_pylist() == ["browser"]
    assert owners(made).to_pylist() == [{"person_id": "phone", "canonical_id": "ada"}]


def test_a_mark_stays_whatever_is_stated_later() -> None:
    marked = links(stated(("browser", "ada", 3), ("browser", "grace", 5)))
    again = links(pa.concat_tables([as_statements(marked), stated(("browser", "ada", 9))]))
    assert held(again) == [("browser", "browser", 3)]


def test_chains_lead_to_the_last_person() -> None:
    made = links(stated(("browser", "old account", 1), ("old account", "account", 2)))
    assert held(made) == [("browser", "old account", 1), ("old account", "account", 2)]
    assert owners(made).to_pylist() == [
        {"person_id": "browser", "canonical_id": "account"},
        {"person_id": "old account", "canonical_id": "account"},
    ]


def test_a_circle_belongs_to_its_smallest_id() -> None:
    made = links(stated(("a", "b", 1), ("b", "c", 2), ("c", "b", 3)))
    assert {row["canonical_id"] for row in owners(made).to_pylist()} == {"b"}


statements = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 9)), max_size=12
)


@given(statements, st.data())
def test_any_order_and_any_repetition_give_the_same_links(
    rows: list[Statement], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(rows))
    repeated = data.draw(st.lists(st.sampled_from(rows), max_size=6)) if rows else []
    assert links(stated(*rows)).equals(links(stated(*shuffled, *repeated)))


@given(statements, st.integers(1, 12))
def test_learning_in_parts_gives_the_same_links(rows: list[Statement], size: int) -> None:
    known: Any = links(stated())
    for start in range(0, len(rows), size):
        part = stated(*rows[start : start + size])
        known = links(pa.concat_tables([as_statements(known), part]))
    assert known.equals(links(stated(*rows)))
