"""Texts become moments in UTC, to the microsecond."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.collect.figures import numbers
from engage.collect.findings import Findings, Mask, as_mask

Moments = NDArray[np.datetime64]
"""datetime64[us], UTC; NaT where there is none."""

EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
"""Microseconds in one unit."""

FIRST, LAST = np.datetime64("1900-01-01", "us"), np.datetime64("10000-01-01", "us")
"""Earlier and later dates are marks for "never" or slips, not moments."""

_EXAMPLE = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
_OFFSET = r"[T ]\d.*([Zz]|[+-]\d{2}(:?\d{2})?)$"
_YEAR_ZERO = r"^[-+]?0000-|^\d{5,}-"
_FINER = r"(\.\d{6})\d+"


def moments(
    text: pa.Array, target: str, findings: Findings, *, style: str = "", zone: str = "UTC"
) -> Moments:
    """Return the moments that these texts name, in ISO 8601 or in the strptime format `style`.

    A time that says its own offset is taken at its word, any other is civil time in `zone`. An
    hour that the autumn clock shows twice is its first. One that spring leaves out is set aside:
    it shows that the clock was another zone's. Only midnight is moved on, because a date means its
    day, and on some days of some zones that begins at one.
    """
    found, civil = told(text, target, findings, style=style)
    if zone == "UTC" or not civil.any():
        return found
    found[civil], never = _localised(found[civil], zone)
    gone = np.zeros(len(found), bool)
    gone[civil] = never
    refuse_gone(gone, target, zone, findings)
    return found


def told(
    text: pa.Array, target: str, findings: Findings, *, style: str = ""
) -> tuple[Moments, Mask]:
    """Return the times as they are written, and which of them are a clock's that says no offset.

    Those that say their offset are in UTC already.
    """
    if style in EPOCHS:
        found = _since_epoch(text, target, findings, EPOCHS[style])
        civil: Mask = np.zeros(len(found), bool)
    elif style:
        found, civil = _by_format(text, style)
    else:
        found, civil = _iso(text)
    given = as_mask(text.is_valid())
    beyond = ~np.isnat(found) & ((found < FIRST) | (found >= LAST))
    beyond |= np.isnat(found) & as_mask(pc.match_substring_regex(text, _YEAR_ZERO))
    findings.refuse_shown(beyond, f"{target}: the year lies outside 1900 to 9999", text)
    findings.refuse_shown(given & np.isnat(found), f"{target}: not {_expected(style)}", text)
    found[beyond] = np.datetime64("NaT", "us")
    return found, civil


def _expected(style: str) -> str:
    """Return what a time looks like, with an example."""
    if not style:
        return "a time in ISO 8601, such as 2026-03-01T09:30:00Z"
    if style in EPOCHS:
        example = str(int(_EXAMPLE.timestamp()) * 1_000_000 // EPOCHS[style])
    else:
        example = _EXAMPLE.strftime(style)
    return f"a time of the format {style}, such as {example}"


def refuse_gone(gone: Mask, target: str, zone: str, findings: Findings) -> None:
    """Set aside the times that no clock of the zone ever showed."""
    findings.refuse(gone, f"{target}: the clocks of {zone} leave this hour out")


@dataclass(frozen=True, slots=True)
class Shown:
    """When the clocks of a zone showed some times."""

    first: Moments
    """NaT where they never did."""
    again: Moments
    """The second moment, in autumn; NaT where there was but one."""


def shown(walls: Moments, zone: str) -> Shown:
    """Return when the clocks of a zone showed these times, the hour of autumn both times."""
    index = pd.DatetimeIndex(walls)
    both = [
        np.asarray(
            index.tz_localize(zone, ambiguous=np.full(len(walls), summer), nonexistent="NaT")
            .tz_convert("UTC")
            .tz_localize(None)
            .to_numpy(),
            "datetime64[us]",
        )
        for summer in (True, False)
    ]
    return Shown(both[0], np.where(both[0] == both[1], np.datetime64("NaT", "us"), both[1]))


def _since_epoch(text: pa.Array, target: str, findings: Findings, unit: int) -> Moments:
    figures = numbers(text, target, findings)
    safe = np.abs(np.nan_to_num(figures)) * unit < 2**62
    known = ~np.isnan(figures) & safe
    found = np.full(len(figures), np.datetime64("NaT", "us"))
    micros = np.rint(figures[known] * unit).astype(np.int64)
    found[known] = micros.astype("datetime64[us]")
    return found


def _by_format(text: pa.Array, style: str) -> tuple[Moments, Mask]:
    parsed = pd.to_datetime(_series(text), format=style, errors="coerce", utc="%z" in style)
    found = _naive(parsed)
    return found, np.full(len(found), "%z" not in style)


def _iso(text: pa.Array) -> tuple[Moments, Mask]:
    shortened = pc.replace_substring_regex(text, _FINER, r"\1")
    parsed = pd.to_datetime(_series(shortened), format="ISO8601", errors="coerce", utc=True)
    return _naive(parsed), ~as_mask(pc.match_substring_regex(text, _OFFSET))


def _series(text: pa.Array) -> pd.Series[str]:
    return pd.Series(text.to_numpy(zero_copy_only=False), dtype=object)


def _naive(parsed: pd.Series[pd.Timestamp]) -> Moments:
    if parsed.dt.tz is not None:
        parsed = parsed.dt.tz_convert("UTC").dt.tz_localize(None)
    return parsed.to_numpy().astype("datetime64[us]", copy=True)


def _localised(walls: Moments, zone: str) -> tuple[Moments, Mask]:
    """Return civil times in UTC, and which of them no clock of the zone showed."""
    shown = pd.DatetimeIndex(walls)
    first = np.ones(len(walls), bool)
    there = shown.tz_localize(zone, ambiguous=first, nonexistent="NaT")
    never: Mask = np.asarray(there.isna(), np.bool_) & ~np.isnat(walls)
    if never.any():
        midnight = never & np.asarray(shown == shown.normalize(), np.bool_)
        moved = shown.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
        there = there.where(~midnight, moved)
        never &= ~midnight
    utc = there.tz_convert("UTC").tz_localize(None).to_numpy()
    return np.asarray(utc, "datetime64[us]"), never
