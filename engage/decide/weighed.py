"""What was weighed when deciding, whether it was taken or not: what free minutes are competed for.

Nothing here names a person: the planner asks how much there is to gain, not by whom.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from engage.decide.board import Board, Flags
from engage.decide.value import Parts
from engage.domain.ids import Prefix, derive_column


def weighed(board: Board, possible: Flags, worth: Parts) -> pd.DataFrame:
    """Return one row for each candidate that nothing but its value stands against.

    weighed_id (the same for a trigger and subject all day long), trigger, at, options: what each
    possible action is worth in minor units, the agent's minutes not paid for.
    """
    rows = np.flatnonzero(possible.any(axis=1))
    net = np.round(worth.total[rows] + worth.price, 2)
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
            "options": pd.Series(options, dtype=object),
        }
    )
