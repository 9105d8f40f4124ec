"""What was weighed when deciding, whether it was taken or not: what free minutes are competed for.

Nothing here names a person: the planner asks how much there is to gain, not by whom.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from engage.decide.board import Board, Flags
from engage.decide.value import Parts
from engage.domain.ids import Prefix, derive_column

MOST = 10_000
"""Of more in one run a share is kept; it tells a price as well."""


def demand(board: Board, possible: Flags, worth: Parts) -> pd.DataFrame:
    """Return one row for each candidate that nothing but its value stands against.

    weighed_id (the same for a trigger and subject all day long), trigger, at, weight (how many it
    stands for: of very many only a share is kept, by a hash of the subject), options: what each
    possible action is worth in minor units, the agent's minutes not paid for.
    """
    able = np.flatnonzero(possible.any(axis=1))
    share = min(1.0, MOST / max(len(able), 1))
    rows = able[_drawn(board, able, share)]
    net = np.round(worth.total[rows] + worth.price[rows], 2)
    told = board.candidates[["trigger", "subject_id"]].take(rows)
    triggers, subjects = told["trigger"].tolist(), told["subject_id"].astype(str).tolist()
    day = str(board.now.astype("datetime64[D]"))
    names = np.asarray(board.names, object)
    options = [
        dict(zip(names[may].tolist(), values[may].tolist(), strict=True))
        for may, values in zip(possible[rows], net, strict=True)
    ]
    return pd.DataFrame(
        {
            "weighed_id": derive_column(Prefix.WEIGHED, triggers, subjects, [day] * len(rows)),
            "trigger": triggers,
            "at": np.full(len(rows), board.now),
            "weight": np.full(len(rows), 1 / share),
            "options": pd.Series(options, dtype=object),
        }
    )


def _drawn(board: Board, rows: np.ndarray[tuple[int], np.dtype[np.intp]], share: float) -> Flags:
    if share == 1:
        return np.ones(len(rows), bool)
    hashed = pd.util.hash_array(board.candidates["subject_id"].to_numpy(object)[rows])
    drawn: Flags = hashed < np.uint64(share * (2**64 - 1))
    return drawn
