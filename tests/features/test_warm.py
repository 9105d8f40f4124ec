"""Plans that are kept give what a fresh engine gives, and remember nobody."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from engage.errors import DefinitionError
from engage.features.build import build
from engage.features.engines.duckdb import DuckEngine
from engage.features.engines.warm import FEW, opened, warm
from engage.features.moments import training_subjects
from engage.scoring.definition import Model
from tests.features.bank import bank
from tests.features.project_models import load
from tests.features.rows import NOON, at, event, subjects, table

MODELS = load()
WHO = "SELECT s.subject_id, e.event_id FROM subjects AS s JOIN events AS e USING (person_id)"
ANN = subjects(("visit", "ann", NOON))


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_shipped_model_sees_the_same_with_kept_plans(model: Model, seed: int) -> None:
    relations = bank(seed)
    with DuckEngine(relations) as fresh:
        moments = training_subjects(fresh, model.subject, query=model.subjects, seed=1, until=at())
        given = moments.slice(0, 60)
        expected = build(fresh, model.query, model.features, given)

    for _ in range(2):  # planned, then only run
        with warm(relations) as kept:
            assert build(kept, model.query, model.features, given).equals(expected)
    assert any(pc.count(expected[one.name]).as_py() for one in model.features)


def test_nothing_of_the_last_use_is_left() -> None:
    links = pa.table({"person_id": ["browser"], "canonical_id": ["ann"], "known_at": [NOON]})
    links = table("links", *links.to_pylist())
    events = table("events", event(1, NOON, person_id="browser"))

    with warm({"events": events, "links": links}) as engine:
        assert engine.table(WHO, subjects=ANN)["event_id"].to_pylist() == ["e1"]
    with warm({"events": events}) as engine:
        assert engine.table(WHO, subjects=ANN).num_rows == 0
    with warm({}) as engine:
        assert engine.table(WHO, subjects=subjects(("visit", "browser", NOON))).num_rows == 0


def test_a_use_that_failed_is_never_repeated() -> None:
    events = table("events", event(1, NOON))
    with pytest.raises(DefinitionError, match="evnt_id"), warm({"events": events}) as engine:
        engine.table("SELECT evnt_id FROM events", subjects=ANN)

    with warm({}) as engine:
        assert engine.table(WHO, subjects=ANN).num_rows == 0


def test_two_at_once_do_not_see_each_other() -> None:
    with warm({"events": table("events", event(1, NOON))}) as one, warm({}) as other:
        assert one.table(WHO, subjects=ANN).num_rows == 1
        assert other.table(WHO, subjects=ANN).num_rows == 0


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '{file}'",
        "COPY (SELECT 1) TO '{file}.csv'",
        "SET threads = 1",
        "DELETE FROM events",
        "SELECT 1 AS one; SELECT 2 AS two",
        "SELECT * FROM secret_of_the_caller",
    ],
)
def test_nothing_outside_the_given_tables_can_be_reached(sql: str, tmp_path: Path) -> None:
    secret_of_the_caller = ANN
    with pytest.raises(DefinitionError), warm({}) as engine:
        engine.table(sql.format(file=tmp_path / "file"), subjects=secret_of_the_caller)


def test_an_error_never_repeats_somebodys_data() -> None:
    events = table("events", event(1, NOON, name="+49 170 1234567"))
    with pytest.raises(DefinitionError) as refused, warm({"events": events}) as engine:
        engine.table("SELECT CAST(name AS INTEGER) AS n FROM events", subjects=ANN)

    assert "1234567" not in str(refused.value)


def test_many_rows_get_an_engine_of_their_own(tmp_path: Path) -> None:
    one = table("events", event(1, NOON))
    many = pa.concat_tables([one] * (FEW + 1))
    for rows, fresh in ((one, False), (many, True)):
        with opened({"events": rows}, threads=1, memory_mb=512, folder=str(tmp_path)) as engine:
            assert isinstance(engine, DuckEngine) is fresh
