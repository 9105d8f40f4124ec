"""Whether the change in predicted value was a fair stand-in, where realised margin is known by now."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engage.features.engines.duckdb import DuckEngine
from engage.measure import clv, margin, surrogacy
from engage.measure.judge import NO_MODEL, Sides, clean, number
from engage.measure.surrogacy import FEWEST, Figure, Verdict

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

WINDOWS_D = (365, 180)
"""The longer one is looked at where enough people have lived through it."""


@dataclass(frozen=True, slots=True)
class _Lived:
    """Units whose window from the later value on has passed."""

    days: int
    used: Mask
    margin: Floats


def surrogacy_effects(
    engine: DuckEngine,
    units: pa.Table,
    valued: clv.Valued | None,
    sides: Sides,
    now: datetime,
    span: timedelta = clv.SPAN,
) -> dict[str, Any]:
    """Return what people of long ago say of the stand-in: `verdict`, `why` and the figures.

    `span` is how far ahead the values look. Nothing but counts where it is too early.
    """
    if valued is None:
        return _early(NO_MODEL, 0, 0)
    values = clv.taken(units, valued, now)
    known = sides.compared & np.isfinite(values.before) & np.isfinite(values.after)
    lived = _lived(engine, units, known, sides.treated, now)
    treated = int((lived.used & sides.treated).sum())
    held_out = int(lived.used.sum()) - treated
    if sides.withheld:
        return _early(sides.withheld, treated, held_out)
    if min(treated, held_out) < FEWEST:
        return _early(_too_few(lived.days), treated, held_out)
    return _checked(lived, values, sides, timedelta(days=lived.days) / span)


def _lived(
    engine: DuckEngine, units: pa.Table, known: Mask, treated: Mask, now: datetime
) -> _Lived:
    """Return the longest window that enough people of both groups have lived through."""
    place = units.schema.get_field_index("qualified_at")
    later = units.set_column(place, "qualified_at", clv.settled(units))
    windows = {one.name: one for one in margin.realised(engine, later, now).windows}
    for days in WINDOWS_D:
        window = windows[f"{days} d"]
        used = known & window.ripe
        if min((used & treated).sum(), (used & ~treated).sum()) >= FEWEST:
            break
    return _Lived(days, used, window.margin)


def _checked(lived: _Lived, values: clv.Snapshots, sides: Sides, share: float) -> dict[str, Any]:
    used, treated = lived.used, sides.treated[lived.used]
    realised = lived.margin[used]
    before, after = share * values.before[used], share * values.after[used]
    weights = None if sides.weights is None else sides.weights[used]
    effects = surrogacy.arms(realised, after, before, treated, weights)
    found = surrogacy.relation(realised, after, before)
    apart = effects.difference
    said = surrogacy.verdict(
        found,
        Figure(apart.estimate, apart.low, apart.high),
        surrogacy.OF_THE_EFFECT * abs(effects.on_surrogate.estimate),
    )
    return {
        "verdict": str(said),
        "why": _WHY[said],
        "window": f"{lived.days} d",
        "n_treated": int(treated.sum()),
        "n_held_out": int((~treated).sum()),
        **as_dict(found),
        "by_arm": {
            name: as_dict(surrogacy.relation(realised[arm], after[arm], before[arm]))
            for name, arm in (("treated", treated), ("held_out", ~treated))
        },
        "on_surrogate": clean(effects.on_surrogate),
        "on_margin": clean(effects.on_margin),
        "difference": clean(effects.difference),
        "explained": number(effects.explained),
    }


_WHY = {
    Verdict.HOLDS: "margin went with it person by person and confirmed most of its effect",
    Verdict.DOES_NOT_HOLD: "margin did not go with it, or outreach changed the two differently",
    Verdict.TOO_EARLY: "the intervals are too wide to decide either way",
}


def as_dict(found: surrogacy.Relation) -> dict[str, Any]:
    """Return how margin went with the prediction, as JSON can hold it."""
    figures = ("slope", "intercept", "rank_correlation")
    return {name: figure(getattr(found, name)) for name in figures}


def figure(found: Figure) -> dict[str, float | None]:
    """Return a number and its interval, null where there is none."""
    return {name: number(getattr(found, name)) for name in ("estimate", "low", "high")}


def _too_few(days: int) -> str:
    later = f"{days} days from their later value on"
    return f"{FEWEST} people of each group must have lived through {later}"


def _early(why: str, treated: int, held_out: int) -> dict[str, Any]:
    return {
        "verdict": str(Verdict.TOO_EARLY),
        "why": why,
        "window": None,
        "n_treated": treated,
        "n_held_out": held_out,
        "explained": number(math.nan),
    }
