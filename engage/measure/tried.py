"""Whom a trigger's actions were tried on, by a fair draw, and what came of it: evidence for uplift."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engage.features.engines.duckdb import DuckEngine
from engage.measure.attribution import first_of_trigger, typed
from engage.measure.judge import judged, sides
from engage.measure.report import Watched


@dataclass(frozen=True, slots=True)
class Tried:
    """A trigger's matured decisions, the first of each person."""

    rows: pa.Table
    """decision_id, person_id, share (held out, that the arm was drawn with), held_out, reached."""
    waiting: int
    """People whose horizon has not passed yet."""
    withheld: str
    """Why nothing may be learned from them, or nothing."""


def tried(
    engine: DuckEngine, qualifications: pa.Table, watched: list[Watched], now: datetime
) -> dict[str, Tried]:
    """Return by trigger what was tried on whom among those whose arms were drawn by chance.

    `qualifications`: see `attribution.QUALIFICATIONS`. Each person counts once under a trigger, from
    their first decision: later ones follow from what came of it. Left out are people who must be
    served or who asked, the globally held out, those let in from the band below the threshold, and
    those whose identities had two arms.
    """
    units = first_of_trigger(engine, typed(qualifications, now), now)
    return {
        one.name: _of_trigger(engine, units.filter(pc.equal(units["trigger"], one.name)), one, now)
        for one in watched
    }


def _of_trigger(engine: DuckEngine, units: pa.Table, one: Watched, now: datetime) -> Tried:
    arms = sides(units, one.held_out)
    found = judged(engine, units, {one.name: one.goal}, now)[0]
    mixed = np.asarray(units["mixed"].to_numpy(zero_copy_only=False), np.bool_)
    explored = np.asarray(units["band"].to_numpy(zero_copy_only=False), np.bool_)
    drawn = arms.compared & ~mixed & ~explored
    return Tried(
        _rows(units, arms.share, arms.treated, found.recovered, drawn & found.ripe),
        int((drawn & ~found.ripe).sum()),
        arms.withheld,
    )


def _rows(
    units: pa.Table,
    share: npt.NDArray[np.float64],
    treated: npt.NDArray[np.bool_],
    reached: npt.NDArray[np.float64],
    used: npt.NDArray[np.bool_],
) -> pa.Table:
    told = pa.table(
        {
            "decision_id": units["decision_id"],
            "person_id": units["person_id"],
            "share": pa.array(share),
            "held_out": pa.array(~treated),
            "reached": pa.array(reached > 0),
        }
    )
    return told.filter(pa.array(used)).sort_by("decision_id")
