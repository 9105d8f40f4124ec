from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
import sqlalchemy as sa

from engage.errors import StoreUnavailable
from engage.store import Store, bulk
from engage.store.staging import FEW
from engage.store.tables import table

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def events(n: int, **columns: object) -> pa.Table:
    made = pa.table({"event_id": [f"evt_{i}" for i in range(n)]})
    given = {"person_id": "per_a", "ts": NOON, "known_at": NOON, "type": "page", "stored_at": NOON}
    return bulk.filled(made, **(given | columns))


@pytest.mark.parametrize("n", [1, FEW, FEW + 1, 3 * FEW])
def test_the_same_rows_count_once(store: Store, n: int) -> None:
    with store.write() as tx:
        assert bulk.insert_new(tx, "events", events(n)) == n
    with store.write() as tx:
        assert bulk.insert_new(tx, "events", events(n + 1)) == 1
        assert bulk.insert_new(tx, "events", events(n + 1)) == 0


@pytest.mark.parametrize("n", [3, FEW + 3])
def test_a_key_that_stands_twice_in_one_call_is_stored_once(store: Store, n: int) -> None:
    twice = pa.concat_tables([events(n), events(n)])
    with store.write() as tx:
        assert bulk.insert_new(tx, "events", twice) == n


@pytest.mark.parametrize("n", [4, 4 * FEW])
def test_what_comes_out_is_what_went_in(store: Store, n: int) -> None:
    names = ["", None, 'a "quoted", text\n', "\\N"] * (n // 4)
    rows = events(n).append_column("name", pa.array(names, pa.string()))
    held = table("events")
    with store.write() as tx:
        bulk.insert_new(tx, "events", rows)
    with store.read() as tx:
        out = bulk.fetch(tx, sa.select(held).order_by(held.c.seq))
    assert out["name"].to_pylist() == names
    assert out.schema == bulk.schema(held)
    assert out["ts"].to_pylist() == [NOON.replace(tzinfo=None)] * n
    assert out["gone"].to_pylist() == [False] * n


def test_numbers_keep_every_bit_and_not_a_number_becomes_nothing(store: Store) -> None:
    values = [0.1, 1e300, float("nan"), None, -2.5]
    rows = pa.table(
        {
            "subject_id": [f"ses_{i}" for i in range(5)],
            "model": ["session_intent"] * 5,
            "person_id": ["per_a"] * 5,
            "artifact_id": ["art_a"] * 5,
            "score": pa.array(values, pa.float64()),
        }
    )
    held = table("scores")
    with store.write() as tx:
        bulk.insert_new(tx, "scores", bulk.filled(rows, as_of=NOON))
        out = bulk.fetch(tx, sa.select(held.c.score).order_by(held.c.subject_id))
    assert out["score"].to_pylist() == [0.1, 1e300, None, None, -2.5]


def test_a_text_holds_no_character_that_one_of_the_databases_cannot_keep(store: Store) -> None:
    with store.write() as tx:
        bulk.insert_new(tx, "events", events(1, name="a\x00b"))
        out = bulk.fetch(tx, sa.select(table("events").c.name))
    assert out["name"].to_pylist() == ["a\ufffdb"]


@pytest.mark.parametrize("n", [2, FEW + 2])
def test_an_older_score_does_not_replace_a_newer_one(store: Store, n: int) -> None:
    def scores(hour: int, score: float) -> pa.Table:
        rows = pa.table({"subject_id": [f"ses_{i}" for i in range(n)]})
        return bulk.filled(
            rows,
            model="session_intent",
            as_of=NOON.replace(hour=hour),
            person_id="per_a",
            artifact_id="art_a",
            score=score,
        )

    both = pa.concat_tables([scores(12, 0.5), scores(13, 0.6)])
    with store.write() as tx:
        bulk.upsert(tx, "latest_scores", both, newer="as_of")
        bulk.upsert(tx, "latest_scores", scores(11, 0.1), newer="as_of")
        out = bulk.fetch(tx, sa.select(table("latest_scores").c.score))
    assert out["score"].to_pylist() == [0.6] * n


def test_a_column_that_the_table_lacks_is_a_mistake_of_the_program(store: Store) -> None:
    with pytest.raises(ValueError, match="table events has no column colour"), store.write() as tx:
        bulk.insert_new(tx, "events", events(1, colour="red"))


def test_any_number_of_values_may_be_asked_for(store: Store) -> None:
    held = table("events")
    many = [f"evt_{i}" for i in range(70_000)]
    with store.write() as tx:
        bulk.insert_new(tx, "events", events(10))
        out = bulk.fetch(
            tx, sa.select(held.c.event_id).where(bulk.among(tx, held.c.event_id, many))
        )
    assert out.num_rows == 10


def test_a_reader_can_change_nothing(store: Store) -> None:
    refused = (sa.exc.DBAPIError, StoreUnavailable)
    with pytest.raises(refused, match=r"read-?only"), store.read() as tx:
        bulk.insert_new(tx, "events", events(1))
    with store.read() as tx:
        assert bulk.fetch(tx, sa.select(table("events"))).num_rows == 0
