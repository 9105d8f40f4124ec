"""What a run of decisions hands to the store, as frames and as Arrow tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from engage.decide.board import Board, Flags, in_words

JSON = frozenset(
    {"allowed", "propensities", "values", "reasons", "artifacts", "features", "details", "options"}
)
_TIME = pa.timestamp("us")
_TYPES: dict[str, pa.DataType] = {
    "trigger_version": pa.int64(),
    "qualified": pa.bool_(),
    "must_serve": pa.bool_(),
    "propensity": pa.float64(),
    "draw": pa.float64(),
    "band": pa.float64(),
    "stake_minor": pa.int64(),
    "share": pa.float64(),
    "weight": pa.float64(),
    "merged_flag": pa.bool_(),
    "agent_minutes": pa.float64(),
    "cost_minor": pa.int64(),
    "n": pa.int64(),
    **dict.fromkeys(("decided_at", "known_at", "horizon_until", "qualified_at"), _TIME),
    **dict.fromkeys(("assigned_at", "at", "due_at", "expires_at", "created_at"), _TIME),
    **dict.fromkeys(("updated_at", "moment"), _TIME),
}
"""Every other column is text, JSON among them."""


@dataclass(frozen=True)
class Decided:
    """Decisions and all that goes with them; store every table in one transaction.

    JSON columns hold plain lists and dicts here and text in `tables()`. Rows stand in the order
    of their keys.
    """

    decisions: pd.DataFrame
    """One row for each qualified candidate."""
    refusals: pd.DataFrame
    """person_id, trigger, subject_id, reasons, at, run_id of every candidate that was refused."""
    assignments: pd.DataFrame
    """Arms given for the first time."""
    ghosts: pd.DataFrame
    messages: pd.DataFrame
    contacts: pd.DataFrame
    """What the messages take from the contact budget."""
    weighed: pd.DataFrame
    """What each candidate that could be approached would have been worth."""

    @property
    def qualifications(self) -> pd.DataFrame:
        """Return who qualified for what, before any draw."""
        columns = ["decision_id", "person_id", "trigger", "trigger_version", "subject_id"]
        told = self.decisions[[*columns, "decided_at", "plan_version"]]
        return told.rename(columns={"decided_at": "qualified_at"})

    @property
    def refusal_counts(self) -> pd.DataFrame:
        """Return how often each reason refused: run_id, trigger, reason, n."""
        keys = (self.refusals[name].tolist() for name in ("run_id", "trigger", "reasons"))
        counted = Counter(
            (run, trigger, reason)
            for run, trigger, reasons in zip(*keys, strict=True)
            for reason in reasons
        )
        rows = [(*key, n) for key, n in sorted(counted.items())]
        return pd.DataFrame(rows, columns=["run_id", "trigger", "reason", "n"])

    def tables(self) -> dict[str, pa.Table]:
        """Return every frame as an Arrow table of the store's columns; JSON is text."""
        frames = {
            "decisions": self.decisions,
            "qualifications": self.qualifications,
            "refusals": self.refusals,
            "refusal_counts": self.refusal_counts,
            "assignments": self.assignments,
            "ghosts": self.ghosts,
            "messages": self.messages,
            "contacts": self.contacts,
            "weighed": self.weighed,
        }
        return {name: _table(frame) for name, frame in frames.items()}


def _table(frame: pd.DataFrame) -> pa.Table:
    if frame.empty:
        return _nothing(tuple(frame.columns))
    return pa.table({name: _array(str(name), frame[name]) for name in frame.columns})


@lru_cache(maxsize=32)
def _nothing(columns: tuple[str, ...]) -> pa.Table:
    kinds = [(name, _TYPES.get(name, pa.string())) for name in columns]
    return pa.schema(kinds).empty_table()


def _array(name: str, column: pd.Series[Any]) -> pa.Array:
    kind = _TYPES.get(name, pa.string())
    if name in JSON:
        return pa.array(_texts(column.tolist()), kind)
    return pa.array(column, kind, from_pandas=True)


def _texts(values: Sequence[Any]) -> list[str]:
    """Return each value as JSON; a list that many rows share is written once."""
    encode = msgspec.json.Encoder(order="sorted").encode
    written: dict[int, str] = {}
    texts = []
    for value in values:
        text = written.get(id(value))
        if text is None:
            text = written[id(value)] = encode(value).decode()
        texts.append(text)
    return texts


def refusals(board: Board, refused: Flags, bits: np.ndarray[Any, Any], run_id: str) -> pd.DataFrame:
    """Return the refused candidates with their reasons; `bits` (n,) holds them."""
    rows = np.flatnonzero(refused)
    told = board.candidates[["person_id", "trigger", "subject_id"]].take(rows)
    return told.reset_index(drop=True).assign(
        reasons=in_words(bits[rows]), at=board.now, run_id=run_id
    )
