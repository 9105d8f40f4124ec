"""Which side of the comparison a person is on: a keyed hash of the person, stored once.

An arm that is stored is never computed again while it holds; not by a new share, nor by a new model,
nor by a merge. Trigger arms are hashed independently of the global arm, among the globally treated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide.board import Board, Flags, Moments
from engage.decide.cohorts import Standing, long_terms, standing, stored, turns
from engage.decide.rules import Rules
from engage.domain.assignments import Arm
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
    """Only ever true among those who are not held out of everything."""
    randomised: Flags
    """False for who is on no side: asked for it, must be served, or is in washout."""
    new: pd.DataFrame
    """The assignments made now, to be stored."""

    @property
    def held(self) -> Flags:
        """Return who is left alone, by either arm."""
        return self.global_held | self.trigger_held


def assign(board: Board, rows: npt.NDArray[np.intp], rules: Rules, salt: bytes) -> Arms:
    """Return the arm of each qualified candidate: the stored one while it holds, else the hash's.

    Who has no arm that covers everything is drawn for the long-term group first, and where that does
    not take them, for the running turn. In washout nobody is drawn; a trigger's stored arm still holds.
    """
    people = board.candidates["person_id"].to_numpy(object)[rows]
    asked, stands = ~board.exempt[rows], standing(board, rows, rules)
    randomised = asked & ~stands.washout
    draw = _Draw(people, rules.epoch, salt)
    global_held, made = _of_everything(draw, board.times[rows], rules, stands, randomised)
    trigger_held = np.zeros(len(rows), bool)
    for code, one in enumerate(board.triggers):
        mine = asked & ~global_held & (board.code[rows] == code)
        arm = stored(board, one.name, rows)
        fresh = mine & randomised & (arm == "")
        held = (mine & (arm == Arm.HELD_OUT)) | draw.held(one.name, one.holdout, fresh)
        trigger_held |= held
        made.append(_Made(one.name, one.holdout, people[fresh], held[fresh]))
    return Arms(global_held, trigger_held, randomised, _records(made, rules, board.now))


@dataclass(frozen=True)
class _Draw:
    people: npt.NDArray[np.object_]
    epoch: str
    salt: bytes

    def held(self, scope: str, share: float, asked: Flags) -> Flags:
        """Return whom the draw holds out among those asked about."""
        held = np.zeros(len(asked), bool)
        held[asked] = held_out(
            self.people[asked].tolist(), scope, share, salt=self.salt, epoch=self.epoch
        )
        return held


def _of_everything(
    draw: _Draw, now: Moments, rules: Rules, stands: Standing, randomised: Flags
) -> tuple[Flags, list[_Made]]:
    """Return who is held out of everything, and the arms that were given just now."""
    held, made = randomised & stands.held, []
    drawn = [
        *(
            (
                long_terms(now, rules),
                rules.long_term,
                randomised & ~stands.settled & ~stands.spared,
            ),
        ),
        *((turns(now, rules), rules.holdout_global, randomised & ~stands.settled),),
    ]
    for scopes, share, asked in drawn:
        before = held.copy()
        for scope, inside in scopes:
            fresh = asked & inside & ~before
            held |= draw.held(scope, share, fresh)
            made.append(_Made(scope, share, draw.people[fresh], held[fresh]))
    return held, made


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
