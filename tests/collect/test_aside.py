from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.collect.aside import aside, chunk_of, malformed
from engage.collect.chunks import Chunk, Malformed, text_table

TEXTS = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(
        [
            "007",
            "1.50",
            "-0",
            "1e3",
            "null",
            "NaN",
            "true",
            '{"a": 1}',
            "[1, 2]",
            '"q"',
            "\x00",
            "é😀",
        ]
    ),
)


def chunk(columns: dict[str, list[str | None]]) -> Chunk:
    rows = text_table(columns)
    places = np.arange(rows.num_rows, dtype=np.int64)
    return Chunk(rows, places * 3, places + 2)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=8))
def test_a_row_set_aside_comes_back_letter_by_letter(
    values: list[tuple[str | None, ...]],
) -> None:
    names = ('odd "name"', "b", "ü")
    before = chunk(dict(zip(names, (list(one) for one in zip(*values, strict=True)), strict=True)))
    after = chunk_of(aside(before, ["wrong"] * len(values)))
    assert [after.column(name).to_pylist() for name in names] == [
        before.column(name).to_pylist() for name in names
    ]
    assert after.numbers.tolist() == before.numbers.tolist()
    assert after.lines.tolist() == before.lines.tolist()


def test_a_line_that_is_no_row_comes_back_as_that() -> None:
    line = Malformed(7, "no JSON object", '{"a": ')
    assert chunk_of(malformed([line])).malformed == (line,)


@pytest.mark.parametrize("rows", [0, 3])
def test_rows_without_any_value_are_rows_all_the_same(rows: int) -> None:
    empty: list[str | None] = [None] * rows
    assert chunk_of(aside(chunk({"a": empty}), [""] * rows)).rows.num_rows == rows
