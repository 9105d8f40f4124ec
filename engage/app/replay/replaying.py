"""Past decisions are made again: every step from the logged features to what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engage.app.app import App
from engage.app.replay import condition, known, log, scores
from engage.app.replay.artifacts import Artifacts
from engage.app.replay.choices import made
from engage.app.replay.compared import compared
from engage.app.replay.stage import Stage
from engage.collect.names import nearest
from engage.errors import WrongUse
from engage.store import Tx, triggers


@dataclass(frozen=True)
class Replay:
    """What came of a replay."""

    decisions: int
    of: int
    """How many there are to draw from."""
    stages: Mapping[str, Stage]

    @property
    def identical(self) -> int:
        """Return how many decisions came out the same in every step."""
        failed = set[int]().union(*(stage.failed for stage in self.stages.values()))
        return self.decisions - len(failed)

    @property
    def told(self) -> dict[str, Any]:
        """Return the figures for programs."""
        stages = {name: stage.told for name, stage in self.stages.items()}
        counts = {"decisions": self.decisions, "of": self.of, "identical": self.identical}
        return counts | {"stages": stages}


def replay(app: App, sample: int, *, trigger: str | None = None, seed: int = 0) -> Replay:
    """Return what comes of so many stored decisions when they are made again.

    Every step begins with what was logged or kept (features, beliefs, the policy, the plan's prices,
    arms, artifacts), goes through the functions that decide, and is held against what was stored.
    Raises WrongUse for a trigger that there is not.
    """
    with app.store.read() as tx:
        _must_exist(tx, trigger)
        sampled = log.read(tx, sample, trigger, seed)
        artifacts = Artifacts(app, tx)
        frames = known.frames(app, sampled, artifacts)
        again = made(app, tx, sampled, frames, artifacts)
        stages = {
            "scores": scores.replayed(app, tx, sampled, frames, artifacts),
            "condition": condition.replayed(app, sampled, frames),
            **compared(tx, sampled, again),
        }
    return Replay(sampled.n, sampled.of, stages)


def _must_exist(tx: Tx, trigger: str | None) -> None:
    known = sorted(one.name for one in triggers.current(tx))
    if trigger is not None and trigger not in known:
        raise WrongUse(f"there is no trigger {trigger!r}; {nearest(trigger, known)}")
