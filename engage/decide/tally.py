"""What a rehearsal adds up to: who would qualify, who is refused and held out, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from engage.decide.decided import Decided
from engage.domain.actions import NONE, Action
from engage.domain.assignments import Arm


def tally(turns: Sequence[Decided], actions: Mapping[str, Action]) -> dict[str, Any]:
    """Return counts of people, and what is to be expected of each action.

    qualified, decisions, held_out {global, trigger} and treated; `refused`: people who never
    qualified, by each reason that stood against them; `actions`: expected offers to the treated
    (the sum of their chances), agent minutes and cost of each.
    """
    decided = _together([one.decisions for one in turns])
    refused = _together([one.refusals for one in turns])
    if decided.empty:
        decided = pd.DataFrame(columns=["person_id", "arm", "arm_global", "arm_trigger"])
    first = decided.drop_duplicates("person_id")
    return {
        "qualified": len(first),
        "decisions": len(decided),
        "held_out": {
            "global": int((first["arm_global"] == Arm.HELD_OUT).sum()),
            "trigger": int((first["arm_trigger"] == Arm.HELD_OUT).sum()),
        },
        "treated": int((first["arm"] != Arm.HELD_OUT).sum()),
        "refused": _reasons(refused, set(first["person_id"])),
        "actions": _expected(decided[decided["arm"] != Arm.HELD_OUT], actions),
    }


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all turns, the oldest first."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _reasons(refused: pd.DataFrame, qualified: set[str]) -> dict[str, int]:
    """Return how many people each reason stood against, most first; a person may have several."""
    if refused.empty:
        return {}
    lost = refused.loc[~refused["person_id"].isin(qualified), ["person_id", "reasons"]]
    counted = lost.explode("reasons").drop_duplicates()["reasons"].value_counts()
    return {
        str(reason): int(n) for reason, n in sorted(counted.items(), key=lambda p: (-p[1], p[0]))
    }


def _expected(treated: pd.DataFrame, actions: Mapping[str, Action]) -> list[dict[str, Any]]:
    if treated.empty:
        return []
    chances = pd.DataFrame.from_records(treated["propensities"].tolist()).drop(columns=NONE)
    sums = chances.sum().sort_index()
    return [
        {
            "action": name,
            "expected": round(n, 3),
            "queue": actions[name].queue,
            "agent_minutes": round(n * actions[name].agent_minutes, 3),
            "cost_minor": round(n * actions[name].cost_minor, 2),
        }
        for name, n in zip(map(str, sums.index), sums.tolist(), strict=True)
    ]
