"""Everything that is stored with a decision, column by column."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from engage.decide.board import LEARNED, LIFT, OPTIONAL, REQUIRED, Flags, in_words
from engage.decide.capacity import Plan
from engage.decide.rules import Rules
from engage.decide.value import Parts
from engage.decide.verdict import Verdict
from engage.domain.assignments import Arm
from engage.domain.reasons import Reason

COLUMNS = (
    "decision_id",
    "person_id",
    "subject_id",
    "trigger",
    "trigger_version",
    "decided_at",
    "known_at",
    "run_id",
    "source",
    "qualified",
    "arm",
    "arm_global",
    "arm_trigger",
    "allowed",
    "propensities",
    "action",
    "propensity",
    "values",
    "reasons",
    "plan_version",
    "policy_version",
    "artifacts",
    "features",
    "draw",
    "stake_minor",
    "horizon_until",
    "moment",
    "must_serve",
    "band",
)
Objects = npt.NDArray[np.object_]


def decisions(verdict: Verdict, rules: Rules, plan: Plan, run_id: str) -> pd.DataFrame:
    """Return one row for each qualified candidate, with all that led to its decision."""
    board, rows = verdict.board, verdict.rows
    code = board.code[rows]
    horizon = np.asarray([np.timedelta64(t.horizon) for t in board.triggers], "timedelta64[us]")
    subject = board.candidates.take(rows)
    frame = {
        "decision_id": verdict.ids,
        "person_id": subject["person_id"].to_numpy(object),
        "subject_id": subject["subject_id"].to_numpy(object),
        "trigger": subject["trigger"].to_numpy(object),
        "trigger_version": np.asarray([t.version for t in board.triggers], np.int64)[code],
        "decided_at": board.now,
        "known_at": board.now,
        "run_id": run_id,
        "source": "engage",
        "qualified": True,
        **_arms(verdict),
        "allowed": _allowed(verdict),
        "propensities": _propensities(verdict),
        "action": verdict.names[verdict.action],
        "propensity": verdict.propensity,
        "values": _values(verdict),
        "reasons": _reasons(verdict),
        "plan_version": plan.version,
        "policy_version": rules.version,
        "artifacts": _artifacts(subject),
        "features": _features(subject),
        "draw": verdict.draw,
        "stake_minor": subject["stake_minor"].to_numpy(np.int64),
        "horizon_until": board.now + horizon[code],
        "moment": board.moments("moment")[rows],
        "must_serve": board.person("must_serve")[rows].astype(bool),
        "band": board.band[rows],
    }
    return pd.DataFrame(frame, columns=list(COLUMNS))


def _arms(verdict: Verdict) -> dict[str, Objects]:
    """Return the combined, the global and the trigger's arm; None where nobody was drawn."""
    arms = verdict.arms
    return {
        "arm": _words(arms.held, np.ones(len(arms.held), bool)),
        "arm_global": _words(arms.global_held, arms.randomised),
        "arm_trigger": _words(arms.trigger_held, arms.randomised & ~arms.global_held),
    }


def _words(held: Flags, known: Flags) -> Objects:
    words = np.asarray([None, str(Arm.TREATED), str(Arm.HELD_OUT)], object)
    return words[np.where(known, 1 + held.astype(np.intp), 0)]


def _reasons(verdict: Verdict) -> Objects:
    """Return why nothing was done for the held out; the treated have no reason to show."""
    lists = np.empty(3, object)
    for i, reasons in enumerate(([], [Reason.HELD_OUT_GLOBAL], [Reason.HELD_OUT_TRIGGER])):
        lists[i] = [str(reason) for reason in reasons]
    which = np.where(verdict.arms.trigger_held, 2, verdict.arms.global_held.astype(np.intp))
    chosen: Objects = lists[which]
    return chosen


def _allowed(verdict: Verdict) -> Objects:
    """Return the names of the allowed actions; those who may do the same share one list."""
    names = verdict.board.names
    return _shared(
        verdict.allowed, lambda row: [name for name, may in zip(names, row, strict=True) if may]
    )


def _propensities(verdict: Verdict) -> Objects:
    """Return the chance of each allowed action and of none, given that the person is treated."""
    listed = np.concatenate([verdict.allowed, np.ones((len(verdict.rows), 1), bool)], axis=1)
    chance = np.where(listed, verdict.chance, np.nan)
    names = verdict.names
    return _shared(
        chance,
        lambda row: {n: float(p) for n, p in zip(names, row, strict=True) if not np.isnan(p)},
    )


def _shared(matrix: npt.NDArray[Any], build: Any) -> Objects:
    """Return what `build` makes of each row, made once for rows that are the same."""
    packed = np.ascontiguousarray(matrix)
    keys = packed.view(np.dtype((np.void, packed.dtype.itemsize * packed.shape[1]))).ravel()
    _, first, back = np.unique(keys, return_index=True, return_inverse=True)
    built = np.empty(len(first), object)
    for i, row in enumerate(first):
        built[i] = build(matrix[row])
    shared: Objects = built[back]
    return shared


def _values(verdict: Verdict) -> Objects:
    """Return {action: its value in parts, and why it was refused} for all that was offered."""
    made = np.empty(len(verdict.rows), object)
    for row in range(len(made)):
        made[row] = {}
    for column, name in enumerate(verdict.board.names):
        mine = np.flatnonzero(verdict.offered[:, column])
        for row, parts in zip(mine.tolist(), _parts(verdict, column, mine), strict=True):
            made[row][name] = parts
    return made


def _parts(verdict: Verdict, column: int, mine: npt.NDArray[np.intp]) -> list[dict[str, Any]]:
    worth = verdict.worth
    cost = float(worth.cost[column])
    columns = zip(
        worth.uplift[mine, column].tolist(),
        worth.stake[mine].tolist(),
        worth.price[mine, column].tolist(),
        worth.annoyance[mine, column].tolist(),
        worth.total[mine, column].tolist(),
        in_words(verdict.refused[mine, column]).tolist(),
        _calls(worth, column, mine),
        strict=True,
    )
    return [
        {
            "uplift": uplift,
            "stake": stake,
            "cost": cost,
            "price": price,
            "annoyance": annoyance,
            "total": total,
            "refused": refused,
            **calls,
        }
        for uplift, stake, price, annoyance, total, refused, calls in columns
    ]


def _calls(worth: Parts, column: int, mine: npt.NDArray[np.intp]) -> list[dict[str, Any]]:
    """Return the agent's minutes and, of a call whose hour counts, how likely it is answered when."""
    told: list[dict[str, Any]] = []
    chances = worth.reached[mine, column].tolist()
    for row, spent, chance in zip(
        mine.tolist(), worth.minutes[mine, column].tolist(), chances, strict=True
    ):
        told.append({"minutes": spent} if spent else {})
        if not np.isnan(chance):
            hours = worth.hours.told(row, column)
            told[-1] |= {"reached": chance, "usual": worth.usual, "hours": hours}
    return told


def _artifacts(subject: pd.DataFrame) -> Objects:
    if "artifacts" in subject:
        return subject["artifacts"].to_numpy(object)
    none = np.empty(len(subject), object)
    none[:] = [{}] * len(subject)
    return none


def _features(subject: pd.DataFrame) -> Objects:
    """Return {column: value} of all further columns of the candidates, nulls left out."""
    own = (*REQUIRED, *OPTIONAL)
    names = sorted(c for c in subject.columns if c not in own and not c.startswith((LIFT, LEARNED)))
    told = subject[names]
    times = told.select_dtypes(["datetime", "timedelta"]).columns
    told = told.assign(**{name: told[name].astype("str") for name in times})
    rows = pa.Table.from_pandas(told, preserve_index=False).to_pylist() if names else []
    made = np.empty(len(subject), object)
    made[:] = [
        {name: value for name, value in row.items() if value is not None}
        for row in rows or [{}] * len(subject)
    ]
    return made
