"""What the log holds of a trigger's decisions, as the columns that learning begins with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engage.decide.board import Numbers
from engage.decide.log_columns import chances
from engage.domain.actions import NONE
from engage.measure.tried import Tried
from engage.store import Tx, decisions

_CHANCES = ("decision_id", "action", "propensities")


@dataclass(frozen=True, slots=True)
class Logged:
    """Matured decisions of one trigger, in the order of their ids."""

    rows: pa.Table
    """What was tried (`Tried.rows`) with the columns of the log that were asked for."""
    action: npt.NDArray[np.int64]
    """(n,) the column of what was done; none is behind the last action."""
    chance: Numbers
    """(n, k + 1) with which chance each could have been done, the draw of the arm included."""

    @property
    def reached(self) -> npt.NDArray[np.bool_]:
        """Return (n,) who reached the goal."""
        return np.asarray(self.rows["reached"].to_numpy(zero_copy_only=False), np.bool_)


def logged(tx: Tx, trigger: str, tried: Tried, actions: tuple[str, ...], *more: str) -> Logged:
    """Return what was tried with the chance of each action and the columns `more` of the log.

    Left out is what an action was done to that is no longer among `actions`.
    """
    columns = (*_CHANCES, *more)
    held = decisions.read(tx, trigger=trigger, source="engage", columns=columns)
    place = pc.index_in(tried.rows["decision_id"], held["decision_id"].combine_chunks())
    told = held.drop_columns(["decision_id"]).take(place.combine_chunks())
    rows = tried.rows
    for name in told.column_names:
        rows = rows.append_column(name, told[name])
    known = pc.is_in(rows["action"], pa.array([*actions, NONE], pa.string()))
    rows = rows.filter(known)
    column = pc.index_in(rows["action"], pa.array([*actions, NONE], pa.string()))
    share = np.asarray(rows["share"].to_numpy(), np.float64)
    chance = chances(rows["propensities"], actions) * (1 - share)[:, None]
    chance[:, -1] += share
    return Logged(rows, np.asarray(column.to_numpy(), np.int64), chance)
