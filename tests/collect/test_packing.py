from __future__ import annotations

import json

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from engage.collect.packing import pack


def packed(**columns: list[str | None]) -> list[str]:
    arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    return pack(arrays, len(next(iter(columns.values())))).to_pylist()  # type: ignore[no-any-return]


def test_numbers_flags_and_nested_values_stand_as_what_they_are() -> None:
    assert packed(b=["1.50", "true", '{"x":[1]}', "word"], a=["-3", None, "TRUE", "[1"]) == [
        '{"a":-3,"b":1.50}',
        '{"b":true}',
        '{"a":"TRUE","b":{"x":[1]}}',
        '{"a":"[1","b":"word"}',
    ]


def test_a_text_of_digits_that_is_no_number_stays_a_text() -> None:
    # Account numbers, postcodes and long identifiers must come back as they went in.
    assert packed(a=["00042", "1234567890123456789", "+4930"]) == [
        '{"a":"00042"}',
        '{"a":"1234567890123456789"}',
        '{"a":"+4930"}',
    ]


def test_a_row_without_values_is_an_empty_object() -> None:
    assert packed(a=[None], b=[None]) == ["{}"]


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.one_of(st.none(), texts), min_size=1, max_size=20))
def test_any_text_makes_valid_json_and_comes_back(values: list[str | None]) -> None:
    for line, value in zip(packed(k=values), values, strict=True):
        held = json.loads(line)
        if value is None:
            assert held == {}
        elif isinstance(held["k"], str):
            assert held["k"] == value
        else:
            assert held["k"] == json.loads(value)
