"""Texts become numbers: amounts, counts and flags."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.collect.findings import Findings, as_mask

Figures = NDArray[np.float64]
"""NaN where there is none."""

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
_ENDLESS = r"^(?i)[+-]?(nan|inf|infinity|1\.#.*)$"
_EXACT = 2.0**53
"""The largest whole number that a double holds exactly."""

_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")


def numbers(
    text: pa.Array,
    target: str,
    findings: Findings,
    *,
    scale: float = 1.0,
    decimal: Literal["", ".", ","] = "",
) -> Figures:
    """Return the texts as numbers, times `scale`; what is not a finite number is set aside."""
    plain = _with_point(text, decimal)
    readable = pc.match_substring_regex(plain, _NUMBER)
    endless = pc.match_substring_regex(plain, _ENDLESS)
    findings.refuse(endless, f"{target}: not a finite number")
    findings.refuse(pc.and_not(pc.invert(readable), endless), f"{target}: not a number")
    cast = pc.if_else(readable, plain, pa.scalar(None, pa.string())).cast(pa.float64())
    figures = np.array(cast.to_numpy(zero_copy_only=False), np.float64) * scale
    findings.refuse(np.isinf(figures), f"{target}: not a finite number")
    figures[np.isinf(figures)] = np.nan
    return figures


def _with_point(text: pa.Array, decimal: str) -> pa.Array:
    """Return the texts with a point as decimal mark and no grouping.

    Where nobody said which mark is used, only `1,234.50` is taken as grouped: `1,234` could be
    either and is left to be refused.
    """
    groups, mark = (r"\.", ",") if decimal == "," else (",", r"\.")
    tail = "" if decimal else r"\d"
    optional = "?" if decimal else ""
    grouped = rf"^[+-]?\d{{1,3}}({groups}\d{{3}})+({mark}\d*{tail}){optional}$"
    ungrouped = pc.replace_substring_regex(text, groups, "")
    plain = pc.if_else(pc.match_substring_regex(text, grouped), ungrouped, text)
    return pc.replace_substring(plain, ",", ".") if decimal == "," else plain


def whole(figures: Figures, target: str, findings: Findings, *, rounded: bool = False) -> pa.Array:
    """Return numbers as integers; `rounded` allows a part of a unit, to the nearest even."""
    nearest = np.rint(figures)
    with np.errstate(invalid="ignore"):
        if not rounded:
            part = np.abs(figures - nearest) > 0
            findings.refuse(part, f"{target}: not a whole number")
        large = np.abs(nearest) > _EXACT
    findings.refuse(large, f"{target}: larger than 2^53")
    known = ~(np.isnan(nearest) | large)
    values = np.where(known, nearest, 0.0).astype(np.int64)
    return pa.array(values, pa.int64(), mask=~known)


def flags(text: pa.Array, target: str, findings: Findings) -> pa.Array:
    """Return yes and no, true and false, 1 and 0 as flags."""
    lowered = pc.utf8_lower(text)
    true = pc.is_in(lowered, pa.array(_TRUE))
    known = pc.or_(true, pc.is_in(lowered, pa.array(_FALSE)))
    findings.refuse(pc.and_not(text.is_valid(), known), f"{target}: neither yes nor no")
    return pc.if_else(known, true, pa.scalar(None, pa.bool_()))


def within(
    figures: Figures, low: float, high: float, target: str, findings: Findings, words: str
) -> None:
    """Set aside what lies outside [low, high]."""
    with np.errstate(invalid="ignore"):
        findings.refuse((figures < low) | (figures > high), f"{target}: {words}")


def missing_where(text: pa.Array, missing: tuple[str, ...]) -> pa.Array:
    """Return the texts with those that mean "no value" as null."""
    if not missing:
        return text
    marked = as_mask(pc.is_in(text, pa.array(missing)))
    return pc.if_else(pa.array(marked), pa.scalar(None, pa.string()), text)
