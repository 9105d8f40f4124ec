"""Which side of the comparison a person is on: a keyed hash of the person, stored once.

An arm that is stored is never computed again; not by a new share, nor by a new model, nor by a
merge. Trigger arms are hashed independently of the global arm, among the globally treated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide.board import Board, Flags
from engage.decide.rules import Rules
from engage.domain.assignments import GLOBAL, Arm
from engage.domain.ids import draw_column

COLUMNS = ("person_id", "scope", "arm", "epoch", "share", "assigned_at", "merged_flag")


def held_out(
    people: Sequence[str], scope: str, share: npt.ArrayLike, *, salt: bytes, epoch: str
) -> Flags:
    """Return for each person whether the keyed hash holds them out of this scope.

    `share` is one number or one for each person. The draw is HMAC(salt, person, epoch, scope):
    raising a share only moves people from treated to held out, never back.
    """
    drawn = np.asarray(draw_column(salt, people, epoch, scope), np.float64)
    below: Flags = drawn < np.asarray(share, np.float64)
    return below


@dataclass(frozen=True)
class Arms:
    """The arms of the qualified, one entry each."""

    global_held: Flags
    trigger_held: Flags
    """Only ever true among the globally treated."""
    randomised: Flags
    """False for who is never held out: asked for it, or must be served."""
    new: pd.DataFrame
    """The assignments made now, to be stored: COLUMNS."""

    @property
    def held(self) -> Flags:
        """Return who is left alone, by either arm."""
        return self.global_held | self.trigger_held


def assign(board: Board, rows: npt.NDArray[np.intp], rules: Rules, salt: bytes) -> Arms:
    """Return the arm of each qualified candidate: the stored one, else the hash's."""
    people = board.candidates["person_id"].to_numpy(object)[rows]
    randomised = ~board.exempt[rows]
    stored = _stored(board, GLOBAL, rows)
    draw = _Draw(people, rules.epoch, salt)
    global_held, fresh = draw.arms(GLOBAL, rules.holdout_global, stored, randomised)
    new = [_records(people[fresh], GLOBAL, global_held[fresh], rules.holdout_global)]
    trigger_held = np.zeros(len(rows), bool)
    asked = randomised & ~global_held
    for code, trigger in enumerate(board.triggers):
        mine = asked & (board.code[rows] == code)
        stored = _stored(board, trigger.name, rows)
        held, fresh = draw.arms(trigger.name, trigger.holdout, stored, mine)
        trigger_held |= held
        new.append(_records(people[fresh], trigger.name, held[fresh], trigger.holdout))
    made = pd.concat(new, ignore_index=True)
    made = made.assign(epoch=rules.epoch, assigned_at=board.now, merged_flag=False)
    return Arms(global_held, trigger_held, randomised, made[list(COLUMNS)])


@dataclass(frozen=True)
class _Draw:
    people: npt.NDArray[np.object_]
    epoch: str
    salt: bytes

    def arms(
        self, scope: str, share: float, stored: npt.NDArray[np.object_], asked: Flags
    ) -> tuple[Flags, Flags]:
        """Return (held out, assigned just now) for those asked about; others are neither."""
        known = stored != ""
        fresh = asked & ~known
        held = asked & known & (stored == Arm.HELD_OUT)
        held[fresh] = held_out(
            self.people[fresh].tolist(), scope, share, salt=self.salt, epoch=self.epoch
        )
        return held, fresh


def _stored(board: Board, scope: str, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.object_]:
    """Return the stored arm of each row's person in a scope; "" where there is none."""
    column = "arm_global" if scope == GLOBAL else f"arm:{scope}"
    if column not in board.people:
        return np.full(len(rows), "", object)
    known: pd.Series[Any] = board.people[column].astype(object)
    return known.where(known.notna(), "").to_numpy(object)[board.who[rows]]


def _records(
    people: npt.NDArray[np.object_], scope: str, held: Flags, share: float
) -> pd.DataFrame:
    arm = np.where(held, str(Arm.HELD_OUT), str(Arm.TREATED))
    return pd.DataFrame({"person_id": people, "scope": scope, "arm": arm, "share": float(share)})
