from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from engage.collect.convert import Converted, convert
from engage.collect.files import read
from engage.collect.mapping_file import parse
from tests.collect.real_files import REAL
from tests.collect.samples import IMPORTED_AT


@cache
def converted(folder: Path, name: str) -> list[Converted]:
    mapping = parse(REAL[name].mapping)
    chunks = read(folder / REAL[name].name, mapping.file)
    return [convert(mapping, chunk, imported_at=IMPORTED_AT) for chunk in chunks]


def rows_of(folder: Path, name: str) -> pa.Table:
    return pa.concat_tables([one.rows for one in converted(folder, name)])


@pytest.mark.parametrize("name", REAL)
def test_every_row_of_a_real_file_comes_in_by_its_mapping_alone(
    shared_data: Path, name: str
) -> None:
    made = converted(shared_data, name)
    assert sum(one.rows.num_rows for one in made) == REAL[name].rows
    assert sum(one.left_out for one in made) == REAL[name].left_out
    assert sum(one.bad.num_rows for one in made) == 0
    rows = pa.concat_tables([one.rows for one in made])
    key = parse(REAL[name].mapping).relation.key[0]
    assert pc.count_distinct(rows[key]).as_py() == rows.num_rows


def test_hillstroms_money_is_that_of_its_file(shared_data: Path) -> None:
    spend = rows_of(shared_data, "hillstrom spend")
    assert pc.sum(spend["value_minor"]).as_py() == 6_725_813  # README: spend 67,258.13


def test_hillstroms_arms_are_those_of_its_file(shared_data: Path) -> None:
    decisions = rows_of(shared_data, "hillstrom decisions")
    # the three arms that README.md counts
    assert Counter(decisions["action"].to_pylist()) == {
        "mens": 21_307,
        "womens": 21_387,
        "none": 21_306,
    }
    assert set(decisions["propensity"].to_pylist()) == {1 / 3}


def test_the_people_of_one_file_are_the_same_in_all_its_parts(shared_data: Path) -> None:
    people, decisions, visits = (
        set(rows_of(shared_data, f"hillstrom {part}")["person_id"].to_pylist())
        for part in ("people", "decisions", "visits")
    )
    assert people == decisions
    assert visits < people


def test_cdnows_cents_are_exact(shared_data: Path) -> None:
    lines = (shared_data / "CDNOW_master.txt").read_text().splitlines()[1:]
    cents = sum(int(Decimal(line.split()[3]) * 100) for line in lines)
    made = rows_of(shared_data, "cdnow")
    assert pc.sum(made["amount_minor"]).as_py() == cents
    assert pc.count_distinct(made["person_id"]).as_py() == 23_570  # README


def test_the_banks_calls_end_as_long_after_they_began_as_they_lasted(shared_data: Path) -> None:
    calls = rows_of(shared_data, "bank interactions")
    seconds = pc.divide(pc.subtract(calls["ended_at"], calls["ts"]).cast("int64"), 1_000_000)
    with (shared_data / "bank-additional-full.csv").open() as file:
        durations = [int(row["duration"]) for row in csv.DictReader(file, delimiter=";")]
    assert seconds.to_pylist() == durations
    assert calls["known_at"].equals(calls["ended_at"])
