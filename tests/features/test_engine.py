"""DuckDB as a calculator that reaches nothing but the tables it is given."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engage.domain.catalog import ARCHIVED, QUERYABLE
from engage.errors import DefinitionError
from engage.features.engines.duckdb import SPILL, DuckEngine, calculate, tables_read
from engage.features.schema import arrow_schema
from engage.features.sources import Archived
from tests.features.rows import NOON, at, event, subjects, table


@pytest.mark.parametrize("name", QUERYABLE)
def test_a_relation_nobody_gave_is_there_and_empty(name: str) -> None:
    with DuckEngine({}) as engine:
        found = engine.table(f"SELECT * FROM {name}")

    assert found.num_rows == 0
    assert found.schema.names == list(ARCHIVED[name].column_names)
    assert found.schema.types == arrow_schema(ARCHIVED[name]).types


def test_a_relation_of_another_name_is_refused() -> None:
    with pytest.raises(DefinitionError, match="no relation 'evnts'"):
        DuckEngine({"evnts": table("events")})


def test_a_row_comes_back_as_it_was_given() -> None:
    events = table("events", event(1, at(minutes=0.123456), properties='{"a": 1}', zone="UTC"))

    with DuckEngine({"events": events}) as engine:
        found = engine.table("SELECT * FROM events")

    assert found.to_pylist() == events.to_pylist()


def test_a_required_column_must_be_there() -> None:
    without = table("events", event(1, NOON)).drop_columns(["known_at"])

    with pytest.raises(DefinitionError, match=r"relation events: its rows lack .*'known_at'"):
        DuckEngine({"events": without})


def test_a_column_that_may_be_empty_may_be_missing_and_others_are_ignored() -> None:
    events = table("events", event(1, NOON, zone="UTC")).drop_columns(["zone"])
    events = events.append_column("seq", pa.array([7]))

    with DuckEngine({"events": events}) as engine:
        found = engine.table("SELECT * FROM events")

    assert found["zone"].to_pylist() == [None]
    assert "seq" not in found.column_names


def test_times_with_a_zone_become_utc_without_one() -> None:
    berlin = pa.array([datetime(2024, 5, 14, 12, tzinfo=UTC)], pa.timestamp("us", "Europe/Berlin"))
    events = table("events", event(1, NOON))
    events = events.set_column(events.column_names.index("ts"), "ts", berlin)

    with DuckEngine({"events": events}) as engine:
        found = engine.table("SELECT ts FROM events")

    assert found.schema.field("ts").type == pa.timestamp("us")
    assert found["ts"].to_pylist() == [NOON]


# ── Live rows and history ────────────────────────────────────────────────────────────────────────


def stored(path: Path, rows: pa.Table) -> str:
    pq.write_table(rows, path)
    return str(path)


def with_seq(rows: pa.Table, *seq: int) -> pa.Table:
    return rows.append_column("seq", pa.array(seq, pa.int64()))


def test_archived_and_live_rows_count_once_each(tmp_path: Path) -> None:
    files = (
        stored(tmp_path / "1.parquet", table("events", event(1, NOON), event(2, NOON))),
        stored(tmp_path / "it's 2.parquet", table("events", event(3, NOON))),
    )
    source = Archived(files, table("events", event(4, NOON)))

    with DuckEngine({"events": source}) as engine:
        found = engine.table("SELECT event_id FROM events ORDER BY event_id")

    assert found["event_id"].to_pylist() == ["e1", "e2", "e3", "e4"]


_MANY = """
SELECT count(*) AS n FROM (
    SELECT md5(CAST(range AS VARCHAR)) AS text,
        row_number() OVER (PARTITION BY range % 500000 ORDER BY md5(CAST(range AS VARCHAR))) AS place
    FROM range(2000000)
) WHERE place = 1
"""


def test_what_does_not_fit_into_memory_waits_in_the_folder(tmp_path: Path) -> None:
    history = {"events": Archived((), table("events", event(1, NOON)))}

    with (
        DuckEngine(history, memory_mb=100) as engine,
        pytest.raises(DefinitionError, match="memory"),
    ):
        engine.table(_MANY)
    with DuckEngine(history, memory_mb=100, folder=str(tmp_path)) as engine:
        assert engine.table(_MANY)["n"].to_pylist() == [500_000]
        assert list((tmp_path / SPILL).iterdir()), "it was put there"

    assert not list(tmp_path.glob(f"{SPILL}/*")), "and taken away"


def test_history_without_files_is_the_live_rows() -> None:
    with DuckEngine({"events": Archived((), table("events", event(1, NOON)))}) as engine:
        assert engine.table("SELECT event_id FROM events").num_rows == 1


def test_an_older_file_may_lack_a_newer_column(tmp_path: Path) -> None:
    old = stored(tmp_path / "old.parquet", table("events", event(1, NOON)).drop_columns(["zone"]))
    new = stored(tmp_path / "new.parquet", table("events", event(2, NOON, zone="UTC")))

    with DuckEngine({"events": Archived((old, new), table("events"))}) as engine:
        found = engine.table("SELECT zone FROM events ORDER BY event_id")

    assert found["zone"].to_pylist() == [None, "UTC"]


def test_a_row_written_again_counts_as_last_written(tmp_path: Path) -> None:
    first = with_seq(table("events", event(1, NOON, name="old"), event(2, NOON)), 1, 2)
    again = with_seq(table("events", event(1, NOON, name="newest")), 9)
    between = with_seq(table("events", event(1, NOON, name="newer")), 5)
    files = (stored(tmp_path / "1.parquet", first), stored(tmp_path / "2.parquet", between))

    with DuckEngine({"events": Archived(files, again, amended=True)}) as engine:
        found = engine.table("SELECT event_id, name FROM events ORDER BY event_id")

    assert found.to_pylist() == [
        {"event_id": "e1", "name": "newest"},
        {"event_id": "e2", "name": None},
    ]


def test_rewritten_rows_without_their_sequence_are_refused(tmp_path: Path) -> None:
    source = Archived(
        (stored(tmp_path / "1.parquet", table("events", event(1, NOON))),),
        table("events"),
        amended=True,
    )
    with pytest.raises(DefinitionError, match="lack the column 'seq'"):
        DuckEngine({"events": source})


# ── What a query cannot reach ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '{other}'",
        "SELECT * FROM read_parquet('{other}')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT getenv('HOME')",
        "COPY (SELECT 1) TO '{other}.csv'",
        "ATTACH '{other}.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET threads = 1",
        "SELECT * FROM secret_of_the_caller",
    ],
)
def test_nothing_outside_the_given_tables_can_be_reached(sql: str, tmp_path: Path) -> None:
    secret_of_the_caller = table("events", event(1, NOON))
    other = stored(tmp_path / "other.parquet", secret_of_the_caller)
    mine = stored(tmp_path / "mine.parquet", secret_of_the_caller)

    with (
        DuckEngine({"events": Archived((mine,), table("events"))}) as engine,
        pytest.raises(DefinitionError),
    ):
        engine.table(sql.format(other=other))


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE mine AS SELECT 1 AS one",
        "DROP VIEW events",
        "SELECT 1 AS one; SELECT 2 AS two",
        "",
    ],
)
def test_a_query_is_one_select_and_nothing_else(sql: str) -> None:
    with DuckEngine({}) as engine, pytest.raises(DefinitionError, match="one SELECT"):
        engine.table(sql)


def test_an_error_never_repeats_somebodys_data() -> None:
    events = table("events", event(1, NOON, name="+49 170 1234567"))

    with DuckEngine({"events": events}) as engine, pytest.raises(DefinitionError) as refused:
        engine.table("SELECT CAST(name AS INTEGER) FROM events")

    assert "1234567" not in str(refused.value)
    assert "try_cast" in str(refused.value)


def test_a_mistake_in_the_text_is_shown_as_it_is() -> None:
    with DuckEngine({}) as engine, pytest.raises(DefinitionError, match="evnt_id"):
        engine.table("SELECT evnt_id FROM events")


# ── The prelude ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("'Europe/Berlin'", 14),  # summer time, two hours ahead
        ("'America/New_York'", 8),
        ("'Asia/Kolkata'", 17),
        ("'Nowhere/Atlantis'", None),
        ("''", None),
        ("NULL", None),
    ],
)
def test_the_local_hour_is_that_of_the_zone_or_unknown(zone: str, hour: int | None) -> None:
    found = calculate(f"SELECT hour(local_ts(TIMESTAMP '2024-05-14 12:00:00', {zone})) AS hour")

    assert found["hour"].to_pylist() == [hour]


@pytest.mark.parametrize(
    ("json", "text"),
    [
        ('{"journey": "card"}', "card"),
        ('{"journey": 3}', "3"),
        ('{"journey": ["a","b"]}', '["a","b"]'),
        ('{"journey": null}', None),
        ('{"other": 1}', None),
        ("{broken", None),
        ("", None),
        (None, None),
    ],
)
def test_text_is_read_from_json_that_may_be_broken(json: str | None, text: str | None) -> None:
    rows = pa.table({"json": pa.array([json], pa.string())})

    found = calculate("SELECT j_text(json, 'journey') AS text FROM rows", rows=rows)

    assert found["text"].to_pylist() == [text]


def test_us_counts_microseconds_since_1970() -> None:
    found = calculate("SELECT us(TIMESTAMP '1970-01-01 00:00:01.000002') AS us")

    assert found["us"].to_pylist() == [1_000_002]


def test_a_division_by_zero_is_unknown() -> None:
    found = calculate("SELECT one / 0 AS a, one % 0 AS b FROM rows", rows=pa.table({"one": [1]}))

    assert found.to_pylist() == [{"a": None, "b": None}]


# ── The same on every run ────────────────────────────────────────────────────────────────────────


def test_sums_do_not_depend_on_the_number_of_threads() -> None:
    count = 300_000
    rng = np.random.default_rng(1)
    rows = pa.table(
        {"key": rng.integers(0, 50, count), "minor": rng.integers(-(10**9), 10**9, count)}
    )
    sql = "SELECT key, sum(minor) AS total FROM rows GROUP BY key ORDER BY key"
    found = []
    for threads in (1, 2, 4):
        with DuckEngine({}, threads=threads) as engine:
            found.append(engine.table(sql, rows=rows))

    assert found[0].equals(found[1])
    assert found[0].equals(found[2])


def test_tables_of_one_query_are_gone_in_the_next() -> None:
    with DuckEngine({}) as engine:
        engine.table("SELECT * FROM mine", mine=pa.table({"a": [1]}))
        with pytest.raises(DefinitionError, match="mine"):
            engine.table("SELECT * FROM mine")


def test_views_over_subjects_see_the_subjects_of_their_query() -> None:
    events = table("events", event(1, NOON), event(2, NOON, session_id="other"))
    sql = "SELECT event_id FROM visit_events"
    with DuckEngine({"events": events}) as engine:
        first = engine.table(sql, subjects=subjects(("visit", "ann", NOON)))
        second = engine.table(sql, subjects=subjects(("other", "ann", NOON)))

    assert first["event_id"].to_pylist() == ["e1"]
    assert second["event_id"].to_pylist() == ["e2"]


def test_the_tables_a_query_reads_are_told_without_running_it() -> None:
    sql = """
    WITH mine AS (SELECT * FROM events WHERE EXISTS (SELECT 1 FROM people))
    SELECT * FROM mine JOIN (SELECT * FROM decisions) AS d ON true
    """

    assert tables_read(sql) == {"events", "people", "decisions"}
