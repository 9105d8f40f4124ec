"""One column of a relation is filled from a chunk of a file, as its mapping says."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engage.collect import figures, packing, times
from engage.collect.chunks import Chunk
from engage.collect.findings import Findings, as_mask
from engage.collect.mapping import Fill, Text
from engage.collect.schema import TIME
from engage.domain.relations import Column, Kind

_SECOND = 1_000_000
_NEVER_NEGATIVE = ("wait_s", "talk_s", "wrap_s", "transfers", "agents")


def filled(
    column: Column,
    fill: Fill,
    chunk: Chunk,
    findings: Findings,
    *,
    missing: tuple[str, ...] = (),
    rest: tuple[str, ...] = (),
) -> pa.Array:
    """Return the column's values, typed; rows in which they cannot be had are set aside.

    `rest` names the columns that nothing else reads. Times given as `from` another column are
    not made here but by `later`, once that column is there.
    """
    if fill.pack is not None:
        return packed(fill, chunk, rest)
    if fill.start:
        return _sequence(fill, chunk)
    text = meaning(fill, chunk, column, findings, missing)
    return typed(column, text, fill, findings)


def meaning(
    fill: Fill, chunk: Chunk, column: Column, findings: Findings, missing: tuple[str, ...] = ()
) -> pa.Array:
    """Return the text of each row after the value table; null where there is no value."""
    rows = chunk.rows.num_rows
    if fill.constant is not None:
        return pa.repeat(pa.scalar(as_text(fill.constant, column.kind), pa.string()), rows)
    text = figures.missing_where(chunk.column(fill.column), (*missing, *fill.missing))
    return _translated(text, fill, column, findings) if fill.meanings else text


def as_text(value: Text, kind: Kind = Kind.TEXT) -> str:
    """Return what TOML holds as the text that a file would hold; `1/3` stands for the fraction."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind is Kind.REAL and isinstance(value, str) and "/" in value:
        try:
            return repr(float(Fraction(value)))
        except (ValueError, ZeroDivisionError):
            return value
    return str(value)


def _translated(text: pa.Array, fill: Fill, column: Column, findings: Findings) -> pa.Array:
    meanings = pa.array([as_text(v, column.kind) for v in fill.meanings.values()], pa.string())
    places = pc.index_in(text, pa.array(list(fill.meanings), pa.string()))
    found = pc.take(meanings, places)
    unlisted = pc.and_(text.is_valid(), pc.invert(places.is_valid()))
    if fill.otherwise is not None:
        return pc.if_else(unlisted, as_text(fill.otherwise, column.kind), found)
    if fill.unlisted == "keep":
        return pc.if_else(unlisted, text, found)
    if fill.unlisted == "refuse":
        findings.refuse(unlisted, f"{column.name}: not in the mapping's table of values")
    return found


def typed(column: Column, text: pa.Array, fill: Fill, findings: Findings) -> pa.Array:
    """Return texts as what the column holds."""
    name, kind = column.name, column.kind
    if kind is Kind.TIME:
        moments = times.moments(text, name, findings, style=fill.format, zone=fill.zone)
        return pa.array(moments, TIME)
    if kind is Kind.FLAG:
        return figures.flags(text, name, findings)
    if kind is Kind.JSON:
        return packing.objects(text, name, findings)
    if kind in {Kind.INTEGER, Kind.REAL, Kind.MONEY}:
        return _figures(column, text, fill, findings)
    return _chosen(column, text, findings) if column.choices else text


def _figures(column: Column, text: pa.Array, fill: Fill, findings: Findings) -> pa.Array:
    name = column.name
    values = figures.numbers(text, name, findings, scale=fill.scale, decimal=fill.decimal)
    if name in _NEVER_NEGATIVE:
        figures.within(values, 0, np.inf, name, findings, "less than nothing")
    if name == "propensity":
        tiny = np.nextafter(0.0, 1.0)
        figures.within(values, tiny, 1, name, findings, "a chance lies above 0 and up to 1")
    if column.kind is Kind.REAL:
        return pa.array(values, pa.float64(), from_pandas=True)
    rounded = column.kind is Kind.MONEY and fill.scale != 1
    return figures.whole(values, name, findings, rounded=rounded)


def _chosen(column: Column, text: pa.Array, findings: Findings) -> pa.Array:
    lowered = pc.utf8_lower(text)
    known = pc.is_in(lowered, pa.array([str(one) for one in column.choices]))
    choices = ", ".join(column.choices)
    findings.refuse(pc.and_not(text.is_valid(), known), f"{column.name}: not one of {choices}")
    return pc.if_else(known, lowered, pa.scalar(None, pa.string()))


def packed(fill: Fill, chunk: Chunk, rest: tuple[str, ...] = ()) -> pa.Array:
    """Return the named columns, all of them, or the rest, as one JSON object per row."""
    if isinstance(fill.pack, dict):
        names = fill.pack
    elif isinstance(fill.pack, tuple):
        names = {name: name for name in fill.pack}
    else:
        every = tuple(chunk.rows.column_names) if fill.pack == "all" else rest
        names = {name: name for name in every if name not in fill.drop}
    columns = {new: chunk.column(old) for new, old in names.items()}
    return packing.pack(columns, chunk.rows.num_rows)


def _sequence(fill: Fill, chunk: Chunk) -> pa.Array:
    findings = Findings(1)
    start = times.moments(pa.array([fill.start]), "start", findings, zone=fill.zone)[0]
    step = round(fill.step_s * _SECOND)
    return pa.array(start + chunk.numbers * np.timedelta64(step, "us"), TIME)


def later(column: Column, fill: Fill, base: pa.Array, chunk: Chunk, findings: Findings) -> pa.Array:
    """Return the times that lie so many seconds after another column of the same row."""
    seconds = np.full(len(base), fill.plus_s)
    if fill.plus_column:
        text = figures.missing_where(chunk.column(fill.plus_column), fill.missing)
        added = figures.numbers(text, column.name, findings, scale=fill.scale)
        figures.within(added, -1e10, 1e10, column.name, findings, "more than 300 years away")
        seconds = seconds + np.where(np.abs(added) > 1e10, np.nan, added)
    known = ~np.isnan(seconds) & as_mask(base.is_valid())
    moments = base.to_numpy(zero_copy_only=False).astype("datetime64[us]", copy=True)
    steps = np.rint(np.where(known, seconds, 0.0) * _SECOND).astype("timedelta64[us]")
    moments = np.where(known, moments + steps, np.datetime64("NaT", "us"))
    return pa.array(moments, TIME)


def origins(fill: Fill) -> list[str]:
    """Return which of the ways to fill a column are given."""
    ways = {
        "column": bool(fill.column),
        "constant": fill.constant is not None,
        "start": bool(fill.start),
        "from": bool(fill.base),
        "pack": fill.pack is not None,
    }
    return [name for name, given in ways.items() if given]


def settings_of(fill: Fill) -> set[str]:
    """Return which keys differ from what they are when left out."""
    default = Fill()
    return {
        written
        for name, written in zip(fill.__struct_fields__, fill.__struct_encode_fields__, strict=True)
        if getattr(fill, name) != getattr(default, name)
    }
