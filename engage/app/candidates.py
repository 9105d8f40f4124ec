"""Scored subjects become candidates: a row for each trigger whose condition holds for one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from engage.app.app import App
from engage.app.frames import Scored, scores_of
from engage.app.lifts import lifts
from engage.decide import band, triggers
from engage.decide.board import BAND, Flags
from engage.decide.stake import stakes
from engage.domain.triggers import Trigger


def candidates_of(
    app: App, scored: Scored, moments: pa.Table, watching: tuple[Trigger, ...]
) -> pd.DataFrame:
    """Return one row for each trigger and subject whose condition holds, within its validity.

    And for who is let in from the band below a trigger's threshold, with the chance of that as `band`.
    `moments` holds subject_id and moment, and as_of where subjects are looked at more than once.
    """
    fired = triggers.fire(scored.frame, watching)
    near = (
        band.explored(scored.frame, watching, scores_of(app, watching[0].subject), app.draw_key)
        if watching
        else {}
    )
    if not any(mask.any() for mask in (*fired.values(), *near.values())):
        return pd.DataFrame()
    key = [name for name in ("subject_id", "as_of") if name in moments.column_names]
    frame = scored.frame.to_pandas().merge(
        moments.to_pandas(), on=key, how="left", validate="one_to_one"
    )
    margins = {name: journey.margin_minor for name, journey in app.settings.journeys.items()}
    adds = lifts(app)
    parts = []
    for trigger in watching:
        rows = _of(frame, trigger, fired[trigger.name], near.get(trigger.name))
        rows = rows[rows["as_of"] - rows["moment"] <= trigger.validity]
        stake = stakes(rows, trigger, margins)
        rows = adds.of(trigger.name, rows, scored.frame.take(pa.array(rows.index)))
        parts.append(rows.assign(trigger=trigger.name, stake_minor=stake))
    together = pd.concat(parts, ignore_index=True)
    used = {**scored.artifacts, **adds.artifacts}
    candidates: pd.DataFrame = together.assign(artifacts=pd.Series([used] * len(together)))
    return candidates


def _of(frame: pd.DataFrame, trigger: Trigger, fired: Flags, near: Flags | None) -> pd.DataFrame:
    """Return whom the condition holds for, and whom the draw lets in from the band below it."""
    if near is None:
        return frame[fired]
    chance = np.where(near, trigger.exploration, np.nan)
    rows: pd.DataFrame = frame.assign(**{BAND: chance})[fired | near]
    return rows
