"""Arms are drawn again: the keyed hash of each person says on which side of a comparison they are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from engage.app.app import App
from engage.app.replay.log import Log
from engage.decide.assignment import held_out
from engage.domain.assignments import GLOBAL, Arm
from engage.store import Tx, assignments, people

JOINED = "the arm is that of another identity, joined with the person's since"


@dataclass(frozen=True)
class Arms:
    """The arms that each decision's person had before it, and how sure they are."""

    known: pd.DataFrame
    """`arm_global` and `arm:SCOPE`, one row a decision; none where this decision drew it."""
    joined: set[int]
    """Decisions on people whose arm is that of another identity of theirs, found out since."""
    false: list[tuple[int, str, str, str]] = field(default_factory=list)
    """(row, scope, stored, drawn) of arms that are not what their hash says."""


def before(app: App, tx: Tx, log: Log) -> Arms:
    """Return for each decision the arms that the hash gives its person with the share of then."""
    rows = _of_decisions(tx, log)
    rows["drawn"] = _drawn(app, rows)
    wrong = rows[rows["drawn"] != rows["arm"]]
    joined = set(wrong.loc[_of_another(app, tx, wrong), "row"])
    false = wrong[~wrong["row"].isin(joined)]
    told = [tuple(one) for one in false[["row", "scope", "arm", "drawn"]].to_numpy().tolist()]
    earlier = rows[~rows["row"].isin(joined) & (rows["assigned_at"] < rows["decided_at"])]
    logged = _logged(log, sorted(joined))
    return Arms(_columns(pd.concat([earlier, logged]), log.n), joined, told)


def _of_another(app: App, tx: Tx, rows: pd.DataFrame) -> pd.Series[bool]:
    """Return which of these arms the hash gives to another identity of the same person."""
    members = people.members(tx, sorted(set(rows["person_id"]))).to_pandas()
    others = rows.reset_index().merge(members, on="person_id")
    others = others[others["member_id"] != others["person_id"]]
    others = others.assign(person_id=others["member_id"]).reset_index(drop=True)
    found = others.loc[_drawn(app, others) == others["arm"], "index"]
    return pd.Series(rows.index.isin(found), rows.index)


def _of_decisions(tx: Tx, log: Log) -> pd.DataFrame:
    """Return each assignment of each decision's person: row, scope, arm, epoch, share, times."""
    asked = log.rows.select(["person_id", "decided_at"]).to_pandas()
    asked = asked.assign(row=np.arange(log.n))
    stored = assignments.read(tx, sorted(set(asked["person_id"]))).to_pandas()
    found: pd.DataFrame = asked.merge(stored, on="person_id")
    return found


def _logged(log: Log, rows: list[int]) -> pd.DataFrame:
    """Return the arms that these decisions themselves name, as none is to be drawn again."""
    own, scope = log.texts("arm_trigger"), log.texts("trigger")
    whole = log.texts("arm_global")
    told = [(row, GLOBAL, whole[row]) for row in rows] + [
        (row, scope[row], own[row]) for row in rows
    ]
    return pd.DataFrame(told, columns=["row", "scope", "drawn"]).dropna()


def _columns(rows: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return (row, scope, drawn) as a column for each scope and one row for each decision."""
    wide = pd.DataFrame(index=pd.RangeIndex(n))
    for scope, mine in rows.groupby("scope"):
        name = "arm_global" if scope == GLOBAL else f"arm:{scope}"
        wide[name] = pd.Series(mine["drawn"].to_numpy(object), mine["row"]).reindex(wide.index)
    return wide.astype(object)


def _drawn(app: App, rows: pd.DataFrame) -> pd.Series[str]:
    """Return what the keyed hash says of each assignment, with its own epoch and share."""
    drawn = pd.Series("", index=rows.index, dtype=object)
    for (epoch, scope), mine in rows.groupby(["epoch", "scope"]):
        held = held_out(
            mine["person_id"].tolist(),
            str(scope),
            mine["share"].to_numpy(),
            salt=app.salt_of(str(epoch)),
            epoch=str(epoch),
        )
        drawn[mine.index] = np.where(held, str(Arm.HELD_OUT), str(Arm.TREATED))
    return drawn
