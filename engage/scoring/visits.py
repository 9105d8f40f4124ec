"""A visit that is looked at several times is learned from each time, and counts once.

One moment of each visit, drawn by a hash, stands for it wherever visits are counted: in the gates, in
calibration, in the figures and in what drift is held against. The other moments are learned from
beside it, and together they weigh as much as one: a visit is no more evidence for being long.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.domain.ids import draw_column
from engage.domain.scores import Subject
from engage.scoring.definition import Model
from engage.scoring.splits import Blocks, Rows


def standing(model: Model, frame: pa.Table, seed: int) -> NDArray[np.bool_]:
    """Return which rows are counted: of each visit the one that `seed` draws, of others every row."""
    visit = visits(frame)
    if model.subject is not Subject.SESSION:
        return np.ones(len(visit), dtype=bool)
    several = np.flatnonzero(np.bincount(visit)[visit] > 1)
    stands = np.ones(len(visit), dtype=bool)
    stands[several] = False
    order = several[np.lexsort((_draws(frame.take(pa.array(several)), seed), visit[several]))]
    stands[order[np.append(True, np.diff(visit[order]) != 0)[: len(order)]]] = True
    return stands


def visits(frame: pa.Table) -> Rows:
    """Return a number for each row that is the same for rows of one visit."""
    coded = frame["subject_id"].cast(pa.string()).combine_chunks().dictionary_encode()
    return np.asarray(coded.indices.to_numpy(), dtype=np.int64)


def _draws(frame: pa.Table, seed: int) -> NDArray[np.float64]:
    moment = frame["as_of"].cast(pa.timestamp("us")).cast(pa.int64()).cast(pa.string())
    names = pc.binary_join_element_wise(frame["subject_id"].cast(pa.string()), moment, " ")
    return np.array(draw_column(f"scoring:{seed}".encode(), names.to_pylist(), "moment"))


def with_other_moments(
    blocks: Blocks,
    *,
    visit: Rows,
    stands: NDArray[np.bool_],
    person: Rows,
    as_of: NDArray[np.datetime64],
    horizon: timedelta,
) -> Blocks:
    """Return the blocks with the visits' other moments added to what is learned from.

    None of a visit or, in a split by person, of a person that calibrates or judges; in a split by
    time none within a horizon of the calibrating block, nor older than what is learned from.
    """
    apart = np.concatenate([blocks.calibrate, blocks.judge])
    other = ~stands & ~np.isin(visit, visit[apart])
    if blocks.kind == "time":
        begins = as_of[blocks.calibrate].min()
        before = (as_of + np.timedelta64(horizon) <= begins) & (as_of < begins)
        other &= before & (as_of >= as_of[blocks.learn].min())
    else:
        other &= ~np.isin(person, person[blocks.judge])
    return replace(blocks, learn=np.sort(np.append(blocks.learn, np.flatnonzero(other))))


def weights(model: Model, frame: pa.Table) -> NDArray[np.float64]:
    """Return what each row weighs where it is learned from: the moments of a visit 1 together.

    Moments without a label count too. A visit whose goal was reached has few that are labelled, and
    as few of such visits stand for themselves: weighing them up would state too high a chance.
    """
    visit = visits(frame)
    if model.subject is not Subject.SESSION:
        return np.ones(len(visit))
    return 1.0 / np.bincount(visit)[visit]
