from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from engage.collect.checks import check_file
from engage.collect.convert import convert
from engage.collect.files import read
from engage.collect.layout import Layout
from engage.collect.mapping import ConsentRule, Contact, Fill, Key, Mapping, Person, Where
from engage.collect.mapping_file import parse, written
from engage.domain.catalog import IMPORTABLE
from engage.domain.exclusions import ExclusionReason
from tests.collect.samples import IMPORTED_AT

PAGE = Path(__file__).resolve().parents[2] / "docs" / "imports.md"
TEXT = PAGE.read_text()
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
MAPPINGS = [text for language, text in BLOCKS if language == "toml"]
EXAMPLES = [
    (table, mapping)
    for (language, table), (other, mapping) in itertools.pairwise(BLOCKS)
    if language in {"csv", "json"} and other == "toml"
]


def test_every_mapping_on_the_page_loads_and_there_is_one_for_each_kind() -> None:
    assert {parse(text).kind for text in MAPPINGS} == set(IMPORTABLE)
    assert len(EXAMPLES) == len(MAPPINGS)


@pytest.mark.parametrize(("table", "mapping"), EXAMPLES)
def test_every_example_reads_its_own_table(tmp_path: Path, table: str, mapping: str) -> None:
    path = tmp_path / "table"
    path.write_text(table)
    loaded = parse(mapping)
    (chunk,) = read(path, loaded.file)
    check_file(loaded, chunk.rows.column_names, "table")
    made = convert(loaded, chunk, imported_at=IMPORTED_AT)
    assert made.bad.to_pylist() == []
    assert made.rows.num_rows >= 1
    if "parts" in made.extras:
        assert made.extras["parts"].to_pylist() == []


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_a_mapping_that_is_written_down_is_read_as_the_same(mapping: str) -> None:
    loaded = parse(mapping)
    assert parse(written(loaded)) == loaded


@pytest.mark.parametrize("table", [Mapping, Layout, Person, Key, Where, Fill, Contact, ConsentRule])
def test_every_key_of_a_mapping_is_documented(table: type) -> None:
    for name in table.__struct_encode_fields__:  # type: ignore[attr-defined]
        assert f"`{name}`" in TEXT or f"[{name}" in TEXT, name


def test_every_reason_to_leave_somebody_alone_is_documented() -> None:
    for reason in ExclusionReason:
        assert f"`{reason}`" in TEXT, reason
