"""What the outreach changed, trigger by trigger and as a whole: the shape of `report --json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engage.domain.goals import RECOVERED
from engage.features.engines.duckdb import DuckEngine
from engage.measure import clv
from engage.measure.attribution import (
    first_of_all,
    first_of_long_term,
    first_of_trigger,
    moment,
    typed,
)
from engage.measure.effect import compare
from engage.measure.guards import holm
from engage.measure.judge import (
    Sides,
    judged,
    margin_effects,
    no_value_effects,
    outcome_effects,
    shown,
    sides,
    value_effects,
)
from engage.measure.recovered import Stage
from engage.measure.stand_in import surrogacy_effects
from engage.measure.words import sentences


@dataclass(frozen=True, slots=True)
class Watched:
    """A trigger to report on: what it is judged by, and the share it holds out."""

    name: str
    goal: str
    held_out: float
    aa: bool = False
    """An A/A comparison: nothing was done on either side."""


def moments(
    engine: DuckEngine, qualifications: pa.Table, now: datetime, known: datetime | None = None
) -> pa.Table:
    """Return who must be valued as of when for `build`: subject_id, person_id, as_of.

    `now` and `known` are those of `build`. Score them with one artifact of the value model and hand the result to `build` as `valued`.
    """
    by_trigger = first_of_trigger(engine, qualifications, now)
    at_all = first_of_all(engine, qualifications, now).select(by_trigger.column_names)
    return clv.moments(pa.concat_tables([by_trigger, at_all]), _reach(now, known))


def build(
    engine: DuckEngine,
    qualifications: pa.Table,
    watched: Sequence[Watched],
    *,
    now: datetime,
    known: datetime | None = None,
    since: datetime | None = None,
    held_out_global: float = 0.1,
    valued: clv.Valued | None = None,
    span: timedelta = clv.SPAN,
    refused: Mapping[str, Mapping[str, int]] | None = None,
    actions: Mapping[str, list[dict[str, Any]]] | None = None,
    currency: str = "",
) -> dict[str, Any]:
    """Return the whole report as JSON can hold it, one entry per watched trigger.

    `qualifications`: see `attribution.QUALIFICATIONS`. `engine` holds the relations. People whose
    first qualification lies before `since` are left out. The relations are full until `known`, else
    until `now`: by then a horizon must have ended, or silence would pass for somebody's leaving.
    `valued` (person_id, as_of, artifact_id,
    value_minor, of `moments`, or the company's own) gives `clv_change`, which is withheld without;
    such a value looks `span` ahead, and `surrogacy` says whether margin bore it out. `refused` counts
    refusals by trigger and reason; `actions` holds the effects of logged campaigns
    (`logged.campaign`) by trigger. Every trigger's `sentences` say the same in words; `p_holm` is
    corrected for the number of triggers, A/A comparisons aside. Whoever came in first from the band below a trigger's
    threshold is in its `band` alone.
    """
    rows, reach = typed(qualifications, now), _reach(now, known)
    told = now if isinstance(valued, clv.Imported) else reach
    units = _since(first_of_trigger(engine, rows, now), since)
    goals = {one.name: one.goal for one in watched}
    found = []
    for one in watched:
        both = units.filter(pc.equal(units["trigger"], one.name))
        mine, near = both.filter(pc.invert(both["band"])), both.filter(both["band"])
        entry = _trigger(engine, one, mine, reach)
        if near.num_rows:
            entry["band"] = _band(engine, one, near, reach)
        entry |= _value(engine, mine, valued, sides(mine, one.held_out), told, reach, span)
        entry |= _spent(_of(_since(rows, since), one.name))
        entry["refused"] = dict((refused or {}).get(one.name, {}))
        if actions and actions.get(one.name):
            entry["actions"] = actions[one.name]
        found.append(entry)
    _correct(found)
    for entry in found:
        entry["sentences"] = list(sentences(entry, currency))
    whole = _since(first_of_all(engine, rows, now), since)
    whole = whole.filter(pc.is_in(whole["trigger"], pa.array(list(goals), pa.string())))
    long = _since(first_of_long_term(engine, rows, now), since)
    long = long.filter(pc.is_in(long["trigger"], pa.array(list(goals), pa.string())))
    return {
        "from": _first(rows, since),
        "to": now.astimezone(UTC).isoformat(),
        "known_until": reach.astimezone(UTC).isoformat(),
        "global": _global(engine, whole, goals, held_out_global, reach)
        | _value(engine, whole, valued, sides(whole, held_out_global), told, reach, span),
        **({"long_term": _global(engine, long, goals, 0.0, reach)} if long.num_rows else {}),
        "triggers": found,
    }


def _reach(now: datetime, known: datetime | None) -> datetime:
    return now if known is None else min(now, known)


def _trigger(engine: DuckEngine, one: Watched, units: pa.Table, now: datetime) -> dict[str, Any]:
    arms = sides(units, one.held_out)
    found = judged(engine, units, {one.name: one.goal}, now)
    what = RECOVERED if one.goal == RECOVERED else f"reached {one.goal}"
    entry = {
        "name": one.name,
        "goal": one.goal,
        "aa": one.aa,
        **_counts(units, arms),
        **outcome_effects(found, arms, f"{what}, share of people, intention to treat"),
        "margin": margin_effects(engine, units, arms, now),
    }
    seen = _on_seen(units, found, arms)
    return entry | ({"effect_on_seen": seen} if seen else {})


def _band(engine: DuckEngine, one: Watched, units: pa.Table, now: datetime) -> dict[str, Any]:
    """Return the effect on those let in from below the threshold, who are no part of the trigger's.

    Their first qualification for it was from the band; by the same arms, which they keep.
    """
    arms = sides(units, one.held_out)
    found = judged(engine, units, {one.name: one.goal}, now)
    what = "the same among those just below the threshold, let in by chance"
    return {**_counts(units, arms), **outcome_effects(found, arms, what)}


def _counts(units: pa.Table, arms: Sides) -> dict[str, Any]:
    return {
        "qualified": units.num_rows,
        **{name: _true(units, name) for name in ("held_out", "contacted", "seen", "accepted")},
        "not_compared": int((~arms.compared).sum()),
        "mixed_arms": _true(units, "mixed"),
        "sample_ratio_p": arms.sample_ratio_p,
    }


def _on_seen(units: pa.Table, found: tuple[Stage, ...], arms: Sides) -> dict[str, Any] | None:
    """Return the effect among those who saw, or would have seen, an offer on the page.

    Secondary. None unless the page recorded both: offers shown, and offers withheld when painting.
    """
    saw = np.asarray(pc.fill_null(units["seen"], False).to_numpy(zero_copy_only=False), np.bool_)
    used = arms.compared & found[0].ripe & saw
    if min(int((used & arms.treated).sum()), int((used & ~arms.treated).sum())) < 2:
        return None
    effect = compare(
        found[0].recovered[used],
        arms.treated[used],
        estimand="the same among those who saw it, or would have",
        weights=None if arms.weights is None else arms.weights[used],
    )
    return shown(effect, arms.withheld)


def _global(
    engine: DuckEngine,
    units: pa.Table,
    goals: Mapping[str, str],
    share: float,
    now: datetime,
) -> dict[str, Any]:
    """Return the effect of everything: from the first qualification of all, by the global arms.

    Once in each of `turns`, which are given with their people; `cut` is how many of these qualified so
    late in a turn that it ended before their horizon, and are not compared. Each person is judged by the goal and horizon of the trigger that came first; all later
    contacts are part of treatment.
    """
    arms = sides(units, share)
    what = "the goal of the first trigger, share of people, intention to treat"
    told = sorted(set(units["turn"].to_pylist()))
    return {
        **_counts(units, arms),
        "turns": {one: int(pc.sum(pc.equal(units["turn"], one)).as_py()) for one in told},
        "cut": _true(units, "cut"),
        **outcome_effects(judged(engine, units, goals, now), arms, what),
        "margin": margin_effects(engine, units, arms, now),
    }


def _value(
    engine: DuckEngine,
    units: pa.Table,
    valued: clv.Valued | None,
    arms: Sides,
    told: datetime,
    reach: datetime,
    span: timedelta,
) -> dict[str, Any]:
    """Return what changed in value by `told`, and whether margin until `reach` bears it out."""
    change = no_value_effects() if valued is None else value_effects(units, valued, arms, told)
    checked = surrogacy_effects(engine, units, valued, arms, reach, span)
    return {"clv_change": change, "surrogacy": checked}


def _correct(found: list[dict[str, Any]]) -> None:
    p_values = {
        one["name"]: one["effect"]["p_value"]
        for one in found
        if one["effect"]["p_value"] is not None and not one["aa"]
    }
    corrected = holm(p_values)
    for one in found:
        one["effect"]["p_holm"] = corrected.get(one["name"])


def _spent(rows: pa.Table) -> dict[str, Any]:
    cost = pc.sum(rows["cost_minor"]).as_py() or 0
    # Rounded before adding, so that the order of the rows cannot move the sum.
    minutes = pc.sum(pc.round(rows["agent_minutes"], 3)).as_py() or 0.0
    return {"cost_minor": int(cost), "agent_minutes": round(float(minutes), 3)}


def _of(rows: pa.Table, trigger: str) -> pa.Table:
    return rows.filter(pc.equal(rows["trigger"], trigger))


def _since(rows: pa.Table, since: datetime | None) -> pa.Table:
    if since is None:
        return rows
    return rows.filter(pc.greater_equal(rows["qualified_at"], moment(since)))


def _first(rows: pa.Table, since: datetime | None) -> str | None:
    if since is not None:
        return since.astimezone(UTC).isoformat()
    earliest = pc.min(rows["qualified_at"]).as_py() if rows.num_rows else None
    return None if earliest is None else earliest.replace(tzinfo=UTC).isoformat()


def _true(units: pa.Table, name: str) -> int:
    return int(pc.sum(pc.fill_null(units[name], False).cast(pa.int64())).as_py() or 0)
