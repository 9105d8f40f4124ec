"""Conditions are asked again: whether each trigger still fires for what was logged, or lets it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from engage.app.app import App
from engage.app.frames import scores_of
from engage.app.replay.known import Frame
from engage.app.replay.log import NO_TRIGGER, Log
from engage.app.replay.stage import Stage
from engage.decide import band, triggers
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger
from engage.errors import DefinitionError

LET_IN = "let in from the band below the threshold, with the chance"


def replayed(app: App, log: Log, frames: Mapping[Subject, Frame]) -> Stage:
    """Return for whom the condition of then holds, each of whom it held for when it was decided.

    And of who came from the band below it, whether they lie in it and are let in by their draw.
    """
    stage = Stage(log.ids)
    chances = log.texts("band")
    for trigger, rows in log.by_trigger():
        if trigger is None:
            stage.cannot(rows, NO_TRIGGER)
            continue
        frame = frames[trigger.subject].of(rows)
        subjects = pa.array([log.texts("subject_id")[row] for row in rows], pa.string())
        try:
            holds = triggers.fire(frame, [trigger])[trigger.name]
            near = _let_in(app, trigger, frame.append_column("subject_id", subjects))
        except DefinitionError as refused:
            stage.cannot(rows, f"its condition cannot be asked any more: {refused}")
            continue
        stored: list[Any] = [chances[row] for row in rows]
        stage.compare(trigger.when, rows, [one is None for one in stored], holds.tolist())
        stage.compare(LET_IN, rows, stored, np.where(near, trigger.exploration, np.nan).tolist())
    return stage


def _let_in(app: App, trigger: Trigger, frame: pa.Table) -> band.Flags:
    """Return which rows are let in from the band; none where the trigger has none."""
    found = band.explored(frame, [trigger], scores_of(app, trigger.subject), app.draw_key)
    return found.get(trigger.name, np.zeros(frame.num_rows, bool))
