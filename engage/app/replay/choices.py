"""Decisions are made again under the policy and at the prices of then, ready to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from engage.app.app import App
from engage.app.replay import arms as arms_module
from engage.app.replay.arms import Arms
from engage.app.replay.artifacts import Artifacts
from engage.app.replay.known import Frame
from engage.app.replay.log import Log
from engage.app.replay.then import Then, ruled
from engage.app.replay.uplift import Brought, brought
from engage.decide.again import Logged, again, names
from engage.decide.board import BAND, TOPICS
from engage.decide.capacity import Plan
from engage.decide.stake import stakes
from engage.domain.ids import draw_column
from engage.domain.scores import Subject
from engage.store import Tx


@dataclass(frozen=True)
class Made:
    """Decisions as they come out today."""

    rows: pd.DataFrame
    """In the columns of the log, by place in the log; nothing of those in `lost`."""
    lost: dict[int, str]
    """Why a decision could not be made again."""
    arms: Arms
    uplift: dict[int, str]
    """Of whom the uplift was taken from the log, as it cannot be known again, and why."""
    ids: list[str]
    nameless: list[int]
    """Whose id cannot be derived again."""
    draws: list[float]
    """Of all decisions."""


def made(app: App, tx: Tx, log: Log, frames: Mapping[Subject, Frame], artifacts: Artifacts) -> Made:
    """Return every decision made again, from what was logged and kept of then."""
    known, (thens, lost) = arms_module.before(app, tx, log), ruled(tx, log)
    whole = brought(tx, log, _candidates(log, frames), frames, artifacts)
    parts = [_made(app, log, one, whole, known, frames) for one in thens]
    everything = _logged(log, whole.candidates, known, list(whole.candidates.index))
    ids = pd.Series(log.ids, dtype=object)
    ids[whole.candidates.index] = names(everything)
    return Made(
        rows=pd.concat(parts).sort_index() if parts else pd.DataFrame(),
        lost=lost,
        arms=known,
        uplift=whole.lost,
        ids=ids.tolist(),
        nameless=whole.candidates.index[everything.nameless].tolist(),
        draws=draw_column(app.draw_key, ids, "action"),
    )


def _candidates(log: Log, frames: Mapping[Subject, Frame]) -> pd.DataFrame:
    """Return what every candidate has, by place in the log, and what it was about."""
    names = ["trigger", "subject_id", "person_id", "moment", "decided_at", "stake_minor", BAND]
    told = log.rows.select(names).to_pandas().rename(columns={"decided_at": "as_of"})
    candidates: pd.DataFrame = told.assign(artifacts=log.artifacts)
    for frame in frames.values():
        for topic in set(TOPICS) & set(frame.table.column_names):
            column = frame.table[topic].to_numpy(zero_copy_only=False)
            about = candidates.get(topic, pd.Series(None, candidates.index, dtype=object))
            candidates[topic] = about.mask(candidates.index.isin(frame.places), None)
            candidates.loc[frame.places, topic] = column
    return candidates


def _logged(log: Log, candidates: pd.DataFrame, known: Arms, rows: list[int]) -> Logged:
    versions = sorted({log.versions[row] for row in rows})
    triggers = [log.triggers[one] for one in versions]
    place = {one: code for code, one in enumerate(versions)}
    serve = pd.Series(log.texts("must_serve"), dtype=object).iloc[rows].fillna(value=False)
    context = known.known.iloc[rows].assign(must_serve=serve.astype(bool))
    hours = [_hours(log.weighed[row]) for row in rows]
    refused = [{name: parts["refused"] for name, parts in log.weighed[row].items()} for row in rows]
    return Logged(
        ids=np.asarray([log.ids[row] for row in rows] + [""], object)[:-1],
        candidates=candidates.loc[rows].reset_index(drop=True),
        known=context.reset_index(drop=True),
        triggers=tuple(one for one in triggers if one is not None),
        code=np.asarray([place[log.versions[row]] for row in rows], np.intp),
        refused=refused,
        hours=hours,
    )


def _hours(weighed: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    return {name: parts["hours"] for name, parts in weighed.items() if "hours" in parts}


def _made(
    app: App,
    log: Log,
    then: Then,
    whole: Brought,
    known: Arms,
    frames: Mapping[Subject, Frame],
) -> pd.DataFrame:
    candidates = whole.candidates.loc[then.rows]
    candidates = candidates.assign(stake_minor=_stakes(log, then, frames))
    rows = again(
        _logged(log, candidates, known, then.rows),
        then.past.actions,
        then.past.rules,
        Plan("", {}, pd.DataFrame(), then.price, then.price_later, then.learned, then.message),
        salt=app.salt_of(then.past.rules.epoch),
        secret=app.draw_key,
    )
    return rows.set_axis(pd.Index(then.rows), axis=0)


def _stakes(log: Log, then: Then, frames: Mapping[Subject, Frame]) -> pd.Series[int]:
    """Return what was at stake, from the logged columns and the margins of then."""
    found = pd.Series(0, index=pd.Index(then.rows), dtype="int64")
    for trigger, rows in log.by_trigger():
        mine = [row for row in rows if row in found.index]
        if trigger is not None and mine:
            frame = frames[trigger.subject].of(mine).to_pandas()
            found[mine] = stakes(frame, trigger, then.past.margins)
    return found
