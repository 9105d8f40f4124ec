"""Columns become one JSON object per row, column by column."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engage.collect.findings import Findings, as_mask

_PLAIN_NUMBER = r"^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$"
_LITERALS = ("true", "false")
_NEEDS_ESCAPE = r'["\\\x00-\x1f\x7f]'


def pack(columns: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """Return one JSON object per row, names in order, absent values left out.

    A text that is a JSON number, true, false, an object or a list stands as that; leading zeros
    keep a text a text, so `00042` stays what it is.
    """
    # Not null_handling="skip": Arrow 26 then returns no rows where every value is null.
    pieces = [
        pc.fill_null(pc.binary_join_element_wise(f",{json.dumps(name)}:", _literals(one), ""), "")
        for name, one in sorted(columns.items())
    ]
    start = pa.array(["{"] * rows, pa.string())
    joined = pc.binary_join_element_wise(start, *pieces, "}", "")
    return pc.replace_substring(joined, "{,", "{", max_replacements=1)


def _literals(text: pa.Array) -> pa.Array:
    bare = pc.or_(
        pc.match_substring_regex(text, _PLAIN_NUMBER), pc.is_in(text, pa.array(_LITERALS))
    )
    quoted = pc.binary_join_element_wise('"', _escaped(text), '"', "")
    found = pc.if_else(bare, text, quoted)
    nested = as_mask(pc.match_substring_regex(text, r"^[\[{]"))
    return _with_nested(found, text, nested) if nested.any() else found


def _escaped(text: pa.Array) -> pa.Array:
    odd = as_mask(pc.match_substring_regex(text, _NEEDS_ESCAPE))
    if not odd.any():
        return text
    values = text.to_numpy(zero_copy_only=False)
    values[odd] = [json.dumps(value, ensure_ascii=False)[1:-1] for value in values[odd]]
    return pa.array(values, pa.string())


def _with_nested(found: pa.Array, text: pa.Array, nested: np.ndarray) -> pa.Array:
    values = found.to_numpy(zero_copy_only=False)
    originals = text.to_numpy(zero_copy_only=False)
    for place in np.flatnonzero(nested):
        if is_json(originals[place]):
            values[place] = originals[place]
    return pa.array(values, pa.string())


def is_json(text: str, *, of: type = object) -> bool:
    """Return whether a text is JSON, and of this type if one is named."""
    try:
        decoded = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return isinstance(decoded, of)


def objects(text: pa.Array, target: str, findings: Findings) -> pa.Array:
    """Return texts that are JSON objects; any other is set aside."""
    values = text.to_pylist()
    wrong = [value is not None and not is_json(value, of=dict) for value in values]
    findings.refuse(np.array(wrong, bool), f"{target}: not a JSON object")
    return text
