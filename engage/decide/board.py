"""One run laid out: a row for each candidate, a column for each action, a bit for each reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from engage.domain.actions import Action, ContactClass
from engage.domain.reasons import Reason
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger
from engage.errors import WrongUse

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Moments = npt.NDArray[np.datetime64]
Masks = dict[Reason, Flags]
"""What a gate refuses: arrays that broadcast to candidates x actions."""

REQUIRED = ("trigger", "subject_id", "person_id", "as_of", "moment", "stake_minor")
LIFT, LEARNED = "lift:", "learned:"
"""Candidate columns: `lift:ACTION`, what is believed of it for all, stands in for its prior lift;
`learned:ACTION` is what a learned policy expects of it for this one."""
ABOVE, SINGLE = "deviates_above", "best_single"
"""From what advantage on, in minor units, the policy may leave this action."""
TOPICS = ("journey", "topic")
"""Columns that say what a candidate is about; the last that is there counts."""
BAND = "band"
"""With which chance somebody was let in from below the threshold; empty where the condition held."""
OPTIONAL = ("last_alive", "sensitive", "gpc", "artifacts", ABOVE, SINGLE, BAND)

REASONS = tuple(Reason)
BIT = {reason: np.uint32(1 << i) for i, reason in enumerate(REASONS)}
CLASSES = tuple(ContactClass)


def naive(now: datetime) -> np.datetime64:
    """Return an aware moment as the naive UTC that frames hold."""
    if now.tzinfo is None:
        raise WrongUse(f"the moment {now} has no zone; pass an aware datetime in UTC")
    return np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "us")


@dataclass(frozen=True)
class Board:
    """The facts that every gate reads; `n` candidates in a fixed order, `a` actions."""

    candidates: pd.DataFrame
    people: pd.DataFrame
    """The context, one row per person."""
    who: npt.NDArray[np.intp]
    """(n,) row of each candidate's person in `people`."""
    triggers: tuple[Trigger, ...]
    code: npt.NDArray[np.intp]
    """(n,) which trigger."""
    actions: tuple[Action, ...]
    now: np.datetime64

    @property
    def n(self) -> int:
        """Return the number of candidates."""
        return len(self.candidates)

    def person(self, column: str) -> npt.NDArray[Any]:
        """Return a column of the context for each candidate."""
        if column not in self.people:
            raise WrongUse(f"the context has no column {column!r}; build it with context.build")
        return self.people[column].to_numpy()[self.who]

    def moments(self, column: str) -> Moments:
        """Return a time column of the candidates in microseconds."""
        return self.candidates[column].to_numpy().astype("datetime64[us]")

    def by_trigger(self, values: Sequence[Any], dtype: Any) -> npt.NDArray[Any]:
        """Return for each candidate the value that its trigger has."""
        return np.asarray(values, dtype)[self.code]

    def by_action(self, values: Sequence[Any], dtype: Any) -> npt.NDArray[Any]:
        """Return one value for each action, as a row."""
        return np.asarray(values, dtype).reshape(1, len(self.actions))

    def column(self, action: str) -> int:
        """Return the column of an action."""
        return self.names.index(action)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the actions' names, in order."""
        return tuple(action.name for action in self.actions)

    @cached_property
    def listed(self) -> Flags:
        """Return (n, a) whether the candidate's trigger lists the action."""
        rows = [[name in t.actions for name in self.names] for t in self.triggers]
        return self.by_trigger(rows, bool).reshape(self.n, len(self.actions))

    @cached_property
    def class_code(self) -> npt.NDArray[np.intp]:
        """Return (n,) the contact class as a position in CLASSES."""
        return self.by_trigger([CLASSES.index(t.contact_class) for t in self.triggers], np.intp)

    @cached_property
    def requested(self) -> Flags:
        """Return (n,) whether the customer asked for the contact."""
        return np.equal(self.class_code, CLASSES.index(ContactClass.REQUESTED))

    @cached_property
    def exempt(self) -> Flags:
        """Return (n,) who is never held out and never left alone for the sake of learning."""
        exempt: Flags = self.requested | self.person("must_serve").astype(bool)
        return exempt

    @cached_property
    def band(self) -> Numbers:
        """Return (n,) the chance of being let in from the band; not a number where the condition held."""
        if BAND not in self.candidates:
            return np.full(self.n, np.nan)
        return self.candidates[BAND].to_numpy(np.float64, na_value=np.nan)

    @cached_property
    def aa(self) -> Flags:
        """Return (n,) whose trigger is an A/A comparison, in which nothing is ever done."""
        return self.by_trigger([t.aa for t in self.triggers], bool)

    @cached_property
    def on_visit(self) -> Flags:
        """Return (n,) whether the candidate is a visit, so that a page can show something."""
        return self.by_trigger([t.subject is Subject.SESSION for t in self.triggers], bool)

    @cached_property
    def deadline(self) -> Moments:
        """Return (n,) the last moment at which the offer makes sense.

        The subject's moment plus the trigger's validity; for an appointment, its beginning.
        """
        validity = [
            0 if t.subject is Subject.APPOINTMENT else t.validity.total_seconds() * 1e6
            for t in self.triggers
        ]
        allowed = self.by_trigger(validity, np.int64).astype("timedelta64[us]")
        deadline: Moments = self.moments("moment") + allowed
        return deadline

    @cached_property
    def times(self) -> Moments:
        """Return (n,) when each is decided: now, or in a replay the moment of then."""
        if np.isnat(self.now):
            return self.moments("as_of")
        return np.full(self.n, self.now)

    @cached_property
    def alive(self) -> Moments:
        """Return (n,) when the page was last known to be open; the moment where nobody says."""
        return self.moments("last_alive" if "last_alive" in self.candidates else "moment")

    def flag(self, column: str) -> Flags:
        """Return an optional yes-or-no column of the candidates; missing is no."""
        if column not in self.candidates:
            return np.zeros(self.n, bool)
        said: Flags = self.candidates[column].fillna(value=False).to_numpy().astype(bool)
        return said


def lay_out(
    candidates: pd.DataFrame,
    triggers: Mapping[str, Trigger],
    actions: Mapping[str, Action],
    context: pd.DataFrame,
    now: datetime,
) -> Board:
    """Return the board of a run; the order of the candidates that came in leaves no trace."""
    missing = [name for name in REQUIRED if name not in candidates]
    if missing:
        raise WrongUse(f"candidates lack the column {missing[0]!r}")
    ordered = candidates.take(_order(candidates)).reset_index(drop=True)
    known = tuple(triggers[name] for name in sorted(triggers))
    return Board(
        candidates=ordered,
        people=context,
        who=_positions(pd.Index(context.index), ordered["person_id"], "the context has no person"),
        triggers=known,
        code=_positions(
            pd.Index([t.name for t in known], dtype="str"),
            ordered["trigger"],
            "nobody passed the trigger",
        ),
        actions=used(known, actions),
        now=naive(now),
    )


def _order(candidates: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the one order of these rows: by subject, the newest features of a subject first."""
    keys = [
        ("trigger", "ascending"),
        ("subject_id", "ascending"),
        ("as_of", "descending"),
        ("moment", "descending"),
        ("stake_minor", "descending"),
        ("person_id", "ascending"),
    ]
    table = pa.table({name: pa.array(candidates[name]) for name, _ in keys})
    order: npt.NDArray[np.int64] = pc.sort_indices(table, sort_keys=keys).to_numpy()
    return order


def _positions(index: pd.Index[Any], wanted: pd.Series[Any], problem: str) -> npt.NDArray[np.intp]:
    at = index.get_indexer(pd.Index(wanted))
    if (at < 0).any():
        raise WrongUse(f"{problem} {wanted[at < 0].iloc[0]!r}, whom a candidate names")
    return at


def used(triggers: Sequence[Trigger], actions: Mapping[str, Action]) -> tuple[Action, ...]:
    """Return the actions that these triggers list, and what they fall back to, in name order."""
    names = {name for trigger in triggers for name in trigger.actions}
    names |= {actions[name].fallback for name in names if name in actions} - {""}
    unknown = names - set(actions)
    if unknown:
        raise WrongUse(f"action {min(unknown)!r} is not defined; add [actions.{min(unknown)}]")
    return tuple(actions[name] for name in sorted(names))


class Refusals:
    """Which reasons stand against each candidate and action; reasons add up, order is no matter."""

    def __init__(self, board: Board) -> None:
        self.bits = np.zeros((board.n, len(board.actions)), np.uint32)

    def add(self, masks: Masks) -> None:
        """Note what a gate refuses."""
        for reason, mask in masks.items():
            self.bits |= np.where(mask, BIT[reason], np.uint32(0))

    @property
    def none(self) -> Flags:
        """Return (n, a) where nothing stands against the action."""
        return np.equal(self.bits, 0)

    def because(self, reason: Reason) -> Flags:
        """Return (n, a) where this reason stands against the action."""
        stands: Flags = np.not_equal(self.bits & BIT[reason], 0)
        return stands


def in_words(bits: npt.NDArray[np.uint32]) -> npt.NDArray[np.object_]:
    """Return for each bit set the list of reasons, in the order in which Reason names them."""
    distinct, back = np.unique(bits, return_inverse=True)
    lists = np.empty(len(distinct), object)
    for i, one in enumerate(distinct):
        lists[i] = [str(reason) for reason in REASONS if one & BIT[reason]]
    words: npt.NDArray[np.object_] = lists[back]
    return words
