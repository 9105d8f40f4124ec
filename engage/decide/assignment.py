"""Which side of the comparison a person is on: a keyed hash of the person, stored once.

An arm that is stored is never computed again; not by a new share, nor by a new model, nor by a
merge. Trigger arms are hashed independently of the global arm, among the globally treated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide.board import Board, Flags
from engage.decide.rules import Rules
from engage.domain.assignments import GLOBAL, Arm
from engage.domain.ids import draw_column


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
    """The assignments made now, to be stored."""

    @property
    def held(self) -> Flags:
        """Return who is left alone, by either arm."""
        return self.global_held | self.trigger_held


def assign(board: Board, rows: npt.NDArray[np.intp], rules: Rules, salt: bytes) -> Arms:
    """Return the arm of each qualified candidate: the stored one, else the hash's."""
    people = board.candidates["person_id"].to_numpy(object)[rows]
    randomised = ~board.exempt[rows]
    draw = _Draw(people, rules.epoch, salt)
    global_held, fresh = draw.arms(
        GLOBAL, rules.holdout_global, _stored(board, GLOBAL, rows), randomised
    )
    new = [_Made(GLOBAL, rules.holdout_global, people[fresh], global_held[fresh])]
    trigger_held = np.zeros(len(rows), bool)
    asked = randomised & ~global_held
    for code, one in enumerate(board.triggers):
        mine = asked & (board.code[rows] == code)
        held, fresh = draw.arms(one.name, one.holdout, _stored(board, one.name, rows), mine)
        trigger_held |= held
        new.append(_Made(one.name, one.holdout, people[fresh], held[fresh]))
    return Arms(global_held, trigger_held, randomised, _records(new, rules, board.now))


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
    known = board.person(column)[rows].astype(object)
    return np.where(pd.isna(known), "", known)


@dataclass(frozen=True)
class _Made:
    """The arms given now in one scope."""

    scope: str
    share: float
    people: npt.NDArray[np.object_]
    held: Flags


def _records(made: Sequence[_Made], rules: Rules, now: np.datetime64) -> pd.DataFrame:
    sizes = [len(one.people) for one in made]
    held = np.concatenate([one.held for one in made])
    arms = np.asarray([str(Arm.TREATED), str(Arm.HELD_OUT)], object)
    columns = {
        "person_id": np.concatenate([one.people for one in made]),
        "scope": np.repeat(np.asarray([one.scope for one in made], object), sizes),
        "arm": arms[held.astype(np.intp)],
        "epoch": rules.epoch,
        "share": np.repeat(np.asarray([one.share for one in made], np.float64), sizes),
        "assigned_at": now,
        "merged_flag": False,
    }
    return pd.DataFrame(columns)
