"""Conditions are asked again: whether each trigger still fires for what was logged."""

from __future__ import annotations

from collections.abc import Mapping

from engage.app.replay.known import Frame
from engage.app.replay.log import NO_TRIGGER, Log
from engage.app.replay.stage import Stage
from engage.decide import triggers
from engage.domain.scores import Subject
from engage.errors import DefinitionError


def replayed(log: Log, frames: Mapping[Subject, Frame]) -> Stage:
    """Return for whom the condition of then holds, each of whom it held for when it was decided."""
    stage = Stage(log.ids)
    for trigger, rows in log.by_trigger():
        if trigger is None:
            stage.cannot(rows, NO_TRIGGER)
            continue
        try:
            holds = triggers.fire(frames[trigger.subject].of(rows), [trigger])[trigger.name]
        except DefinitionError as refused:
            stage.cannot(rows, f"its condition cannot be asked any more: {refused}")
            continue
        stage.compare(trigger.when, rows, [True] * len(rows), holds.tolist())
    return stage
