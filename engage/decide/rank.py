"""The recovery list: whom to call back first, and no more people than there are free minutes.

Value ranks the list, but not alone: who has waited too long or was hit too hard comes first,
whatever they are worth, so that nobody waits for ever because of a low value.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide.board import Flags, naive

AGE_FLOOR = timedelta(hours=48)
SEVERITY_FLOOR = 0.9
REASONS = {
    "age": "waiting longer than {hours:g} hours",
    "severity": "among the hardest hit",
    "value": "worth most per agent minute",
}


def rank(
    waiting: pd.DataFrame,
    free_minutes: float,
    now: datetime,
    *,
    age_floor: timedelta = AGE_FLOOR,
    severity_floor: float = SEVERITY_FLOOR,
) -> pd.DataFrame:
    """Return the list in order, cut off where the free agent minutes end.

    `waiting`: subject_id, person_id, opened_at (UTC, naive), severity (0 to 1, for example the
    chance that the matter is unresolved), value_minor (expected gain of a call), agent_minutes.
    Adds rank_value (gain per agent minute), place (from 1) and reasons (in words). First come
    those above a floor, the longest waiting first, then all others by gain per minute; a person
    stands on it once.
    """
    age = naive(now) - waiting["opened_at"].to_numpy().astype("datetime64[us]")
    old = np.greater_equal(age, np.timedelta64(age_floor))
    hard = np.greater_equal(waiting["severity"].to_numpy(np.float64), severity_floor)
    minutes = np.maximum(waiting["agent_minutes"].to_numpy(np.float64), 1 / 60)
    ranked = waiting.assign(
        rank_value=np.round(waiting["value_minor"].to_numpy(np.float64) / minutes, 4),
        reasons=_reasons(old, hard, age_floor),
        _after=~(old | hard),
        _first=np.where(old | hard, -age.astype("timedelta64[us]").astype(np.int64), 0),
        _minutes=minutes,
    )
    ranked = ranked.sort_values(
        ["_after", "_first", "rank_value", "subject_id"], ascending=[True, True, False, True]
    ).drop_duplicates("person_id")
    kept = ranked[ranked["_minutes"].cumsum().round(6) <= free_minutes]
    placed = kept.assign(place=np.arange(1, len(kept) + 1)).reset_index(drop=True)
    return placed.drop(columns=["_after", "_first", "_minutes"])


def _reasons(old: Flags, hard: Flags, age_floor: timedelta) -> npt.NDArray[np.object_]:
    told = {
        REASONS["age"].format(hours=age_floor / timedelta(hours=1)): old,
        REASONS["severity"]: hard,
        REASONS["value"]: ~(old | hard),
    }
    reasons = np.empty(len(old), object)
    for row in range(len(old)):
        reasons[row] = [words for words, mask in told.items() if mask[row]]
    return reasons
