"""One set of units judged: goal or recovery, margin, and predicted value, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engage.domain.effects import Estimate
from engage.domain.goals import RECOVERED
from engage.features.engines.duckdb import DuckEngine
from engage.measure import clv, margin
from engage.measure.effect import Comparison, compare
from engage.measure.guards import MISMATCH, sample_ratio_p
from engage.measure.power import minimum_detectable_effect
from engage.measure.reached import goal_reached, ripe
from engage.measure.recovered import Stage, stages

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MOST_ARE_RIPE = 0.5
"""The longest stage or window for which this share has run its course is the one shown first."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Who is compared, and with what weight."""

    compared: Mask
    """Drawn with a chance on both sides for as long as the horizon; the others can tell nothing."""
    treated: Mask
    weights: Floats | None
    """Inverse chances of the own side, where the held-out share was changed; else None."""
    sample_ratio_p: float
    share: Floats
    """The held-out share that each was drawn with."""

    @property
    def withheld(self) -> str:
        """Return why nothing may be shown, or nothing."""
        if self.sample_ratio_p >= MISMATCH:
            return ""
        return (
            f"the groups are more uneven than chance allows (p = {self.sample_ratio_p:.1g}); "
            "look for lost or doubled assignments before believing any effect"
        )


def sides(units: pa.Table, held_out: Mapping[str, float] | float) -> Sides:
    """Return the sides of these units; `held_out` is the share where a row does not say it."""
    treated = _mask(units["treated"])
    default = [
        held_out if isinstance(held_out, (int, float)) else held_out.get(trigger, 0.0)
        for trigger in units["trigger"].to_pylist()
    ]
    stated = np.asarray(units["share"].cast(pa.float64()).to_numpy(), np.float64)
    share = np.where(np.isnan(stated), np.asarray(default, np.float64), stated)
    compared = _mask(units["randomised"]) & ~_mask(units["cut"]) & (share > 0) & (share < 1)
    mine = share[compared]
    n_treated = int(treated[compared].sum())
    p = sample_ratio_p(n_treated, len(mine) - n_treated, mine)
    changed = len(mine) > 0 and np.ptp(mine) > 0
    weights = np.where(treated, 1 / np.clip(1 - share, 1e-9, 1), 1 / np.clip(share, 1e-9, 1))
    return Sides(compared, treated, weights if changed else None, p, share)


def judged(
    engine: DuckEngine, units: pa.Table, goals: Mapping[str, str], now: datetime
) -> tuple[Stage, ...]:
    """Return what came of each unit: its goal within the horizon, or its recovery by stages.

    `goals` names the goal of each trigger. Where some recover and others reach a goal, the goal's
    figure stands in every stage.
    """
    recovering = np.array(
        [goals.get(trigger) == RECOVERED for trigger in units["trigger"].to_pylist()], np.bool_
    )
    reached, passed = goal_reached(engine, units, goals, now), ripe(units, now)
    if not recovering.any():
        return (Stage("horizon", passed, reached),)
    return tuple(
        Stage(
            stage.name,
            np.where(recovering, stage.ripe, passed),
            np.where(recovering, stage.recovered, reached),
        )
        for stage in stages(engine, units, now)
    )


def outcome_effects(found: tuple[Stage, ...], sides: Sides, what: str) -> dict[str, Any]:
    """Return the effect on the outcome, and the same at every stage where there are several."""
    by_stage = {
        stage.name: _effect(stage.recovered, stage.ripe, sides, f"{what}, {_span(stage.name)}")
        for stage in found
    }
    name = _shown(by_stage, {stage.name: stage.ripe for stage in found}, sides)
    effect = by_stage[name]
    return {
        "effect": shown(effect, sides.withheld),
        "recovered": _rates(effect.estimate, sides.withheld),
        "immature": int((sides.compared & ~found[0].ripe).sum()),
        "detectable": _detectable(effect.estimate),
        **(
            {"stages": {key: shown(one, sides.withheld) for key, one in by_stage.items()}}
            if len(found) > 1
            else {}
        ),
    }


def margin_effects(
    engine: DuckEngine, units: pa.Table, sides: Sides, now: datetime
) -> dict[str, Any]:
    """Return the effect on realised margin over the window shown first, and over each window.

    Minor units per person; the margin of the year before explains away part of the spread.
    """
    found = margin.realised(engine, units, now)
    by_window = {
        window.name: _effect(
            window.margin,
            window.ripe,
            sides,
            f"realised margin, minor units per person, {window.name}",
            covariate=found.before,
        )
        for window in found.windows
    }
    timed = {w.name: w.ripe for w in found.windows if w.name != margin.TO_DATE}
    name = _shown(by_window, timed, sides, margin.TO_DATE)
    windows = {key: shown(one, sides.withheld) for key, one in by_window.items()}
    return {**windows[name], "window": name, "windows": windows}


def value_effects(
    units: pa.Table, valued: clv.Valued, sides: Sides, now: datetime
) -> dict[str, Any]:
    """Return the change in predicted value, a surrogate, with what was saved and expanded."""
    values = clv.taken(units, valued, now)
    found = clv.compare_values(values, sides.treated, sides.compared, sides.weights)
    why = sides.withheld
    return {
        **shown(found.change, why),
        "source": "imported" if isinstance(valued, clv.Imported) else "model",
        "without_value": found.without,
        "saved": clean(_unless(found.saved, why)),
        "expanded": clean(_unless(found.expanded, why)),
    }


def no_value_effects() -> dict[str, Any]:
    """Return the shape of `value_effects` where no model ever valued anybody, and that it says so."""
    none, nobody = np.zeros(0), np.zeros(0, np.bool_)
    found = clv.compare_values(clv.Snapshots(none, none, nobody), nobody, nobody)
    change, saved, expanded = (
        clean(replace(one, withheld=NO_MODEL))
        for one in (found.change.estimate, found.saved, found.expanded)
    )
    none_yet = {"p_value": None, "source": "model", "without_value": 0}
    return {**change, **none_yet, "saved": saved, "expanded": expanded}


NO_MODEL = "no model of customer value has been in use yet; `engage models list` says why"


def _effect(
    values: Floats, passed: Mask, sides: Sides, what: str, covariate: Floats | None = None
) -> Comparison:
    used = sides.compared & passed
    return compare(
        values[used],
        sides.treated[used],
        estimand=what,
        covariate=None if covariate is None else covariate[used],
        weights=None if sides.weights is None else sides.weights[used],
    )


def _span(stage: str) -> str:
    return "within the horizon" if stage == "horizon" else f"as known after {stage}"


def _shown(
    found: Mapping[str, Comparison], ripe: Mapping[str, Mask], sides: Sides, otherwise: str = ""
) -> str:
    """Return the longest stage that most units have reached; it depends on no outcome."""
    people = max(int(sides.compared.sum()), 1)
    reached = [
        name
        for name, passed in ripe.items()
        if (sides.compared & passed).sum() / people >= MOST_ARE_RIPE
    ]
    return reached[-1] if reached else otherwise or next(iter(found))


def shown(comparison: Comparison, withheld: str = "") -> dict[str, Any]:
    """Return an estimate as the report prints it, its figures left out where it is withheld."""
    estimate = _unless(comparison.estimate, withheld)
    p_value = None if estimate.withheld else number(comparison.p_value)
    return {**clean(estimate), "p_value": p_value}


def _unless(estimate: Estimate, withheld: str) -> Estimate:
    why = estimate.withheld or withheld
    if not why:
        return estimate
    nan, whole = math.nan, (-math.inf, math.inf)
    return replace(
        estimate,
        estimate=nan,
        low=nan,
        high=nan,
        always_valid=whole,
        mean_treated=nan,
        mean_held_out=nan,
        withheld=why,
    )


def clean(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate's dictionary as JSON can hold it: null where there is no number."""
    found = estimate.as_dict()
    found["always_valid"] = [number(one) for one in found["always_valid"]]
    return {
        key: number(value) if isinstance(value, float) else value for key, value in found.items()
    }


def number(value: float) -> float | None:
    """Return a number as JSON can hold it: null where there is none."""
    return float(value) if math.isfinite(value) else None


def _rates(estimate: Estimate, withheld: str) -> dict[str, float | None]:
    cleaned = clean(_unless(estimate, withheld))
    return {"treated": cleaned["mean_treated"], "held_out": cleaned["mean_held_out"]}


def _detectable(estimate: Estimate) -> float | None:
    """Return the smallest effect that so many people show, from the base rate of the held-out."""
    people = estimate.n_treated + estimate.n_held_out
    if not people or math.isnan(estimate.mean_held_out):
        return None
    found = minimum_detectable_effect(
        people, share=estimate.n_held_out / people, base_rate=estimate.mean_held_out
    )
    return number(found)


def _mask(column: pa.ChunkedArray) -> Mask:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.bool_)
