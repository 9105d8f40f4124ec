"""What a column's values say about how to read it: the format of times, the decimal mark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import msgspec
import numpy as np
import pyarrow as pa

from engage.collect import figures, times
from engage.collect.findings import Findings
from engage.collect.mapping import Fill, Mapping
from engage.domain.relations import Kind

_DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_STYLES = tuple(day + clock for day, clock in product(_DAYS, _CLOCKS))
_DIGITS = {10: "epoch_s", 13: "epoch_ms", 16: "epoch_us"}
"""How many digits the moments of this century have in each unit."""
_GRIDS_S = (900.0, 1800.0, 3600.0)
"""How long the rows of rosters are."""


def refined(mapping: Mapping, head: pa.Table) -> Mapping:
    """Return the mapping with the formats that a file's first rows show beyond doubt."""
    columns = dict(mapping.columns)
    for target, fill in mapping.columns.items():
        if not fill.column or fill.column not in head.column_names:
            continue
        kind, values = mapping.relation.column(target).kind, distinct(head, fill.column)
        if kind is Kind.TIME:
            styles = styles_of(values)
            if len(styles) == 1:
                columns[target] = msgspec.structs.replace(fill, format=styles[0])
        elif kind in {Kind.INTEGER, Kind.REAL, Kind.MONEY}:
            columns[target] = _with_mark(fill, values)
    for target, fill in columns.items():
        if fill.base and fill.plus_s in _GRIDS_S and (base := columns.get(fill.base)):
            columns[target] = _on_grid(fill, base, head)
    return msgspec.structs.replace(mapping, columns=columns)


def _on_grid(fill: Fill, base: Fill, head: pa.Table) -> Fill:
    """Return how far an end lies from its beginning: as far as from one row to the next."""
    values = distinct(head, base.column)
    walls, _ = times.told(values, "", Findings(len(values)), style=base.format)
    steps = np.diff(np.unique(walls[~np.isnat(walls)])).astype("timedelta64[s]").astype(float)
    grid = float(steps.min()) if len(steps) else 0.0
    return msgspec.structs.replace(fill, plus_s=grid) if grid in _GRIDS_S else fill


def distinct(head: pa.Table, name: str) -> pa.Array:
    """Return the different values of a column, in the order in which they came."""
    return head.column(name).combine_chunks().drop_null().unique()


def styles_of(values: pa.Array) -> list[str]:
    """Return the formats in which every one of these texts is a time; "" is ISO 8601.

    ISO 8601 and whole numbers since 1970 leave no doubt and stand alone; the third of February and
    the second of March may both be meant by 03/02/2026.
    """
    if len(values) == 0:
        return []
    digits = {len(text) if text.isdigit() else 0 for text in values.to_pylist()}
    if len(digits) == 1 and (style := _DIGITS.get(next(iter(digits)))):
        return [style]
    return [""] if _fits(values, "") else list(_fitting(values, _STYLES))


def _fitting(values: pa.Array, styles: Iterable[str]) -> Iterator[str]:
    few = values.slice(0, 3)
    return (style for style in styles if _fits(few, style) and _fits(values, style))


def _fits(values: pa.Array, style: str) -> bool:
    findings = Findings(len(values))
    times.moments(values, "", findings, style=style)
    return not findings.bad.any()


def _with_mark(fill: Fill, values: pa.Array) -> Fill:
    if _numeric(values, fill) or not len(values):
        return fill
    comma = msgspec.structs.replace(fill, decimal=",")
    return comma if _numeric(values, comma) else fill


def _numeric(values: pa.Array, fill: Fill) -> bool:
    findings = Findings(len(values))
    figures.numbers(values, "", findings, decimal=fill.decimal)
    return not findings.bad.any()
