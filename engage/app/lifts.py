"""What each action adds, brought to the candidates that are about to be decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from engage.app.app import App
from engage.app.champions import sound
from engage.decide.board import ABOVE, LEARNED, LIFT, SINGLE
from engage.scoring.artifact import read
from engage.scoring.uplift.packed import MODEL, Promise, unpacked
from engage.store import artifacts, beliefs

BELIEFS = "beliefs"
"""Among a decision's artifacts: the batch that its uplift came from."""


@dataclass(frozen=True)
class Lifts:
    """What is known of each action when candidates are decided."""

    batch: str
    believed: Mapping[str, Mapping[str, float]]
    """By trigger, what each action adds for all; one that is not here keeps its prior lift."""
    policies: Mapping[str, Promise]
    """By trigger, who gains by which."""
    artifact: str

    @property
    def artifacts(self) -> dict[str, str]:
        """Return what a decision names as the source of its uplift."""
        used = {BELIEFS: self.batch, MODEL: self.artifact if self.policies else ""}
        return {name: one for name, one in used.items() if one}

    def of(self, trigger: str, rows: pd.DataFrame, frame: pa.Table) -> pd.DataFrame:
        """Return a trigger's candidates with what each action adds; `frame` has their columns."""
        believed = self.believed.get(trigger, {})
        columns: dict[str, Any] = {f"{LIFT}{name}": lift for name, lift in believed.items()}
        policy = self.policies.get(trigger)
        if policy is not None and len(rows):
            expected = policy.expected(frame)
            for column, name in enumerate(policy.actions):
                columns[f"{LEARNED}{name}"] = expected[:, column]
            columns |= {ABOVE: policy.threshold, SINGLE: policy.single}
        return rows.assign(**columns)


def lifts(app: App) -> Lifts:
    """Return what is in force now; nothing before the first night that had something to learn from."""
    with app.store.read() as tx:
        found = beliefs.latest(tx, app.now())
        champion = artifacts.champion(tx, MODEL)
    batch, body = found or ("", {"triggers": {}})
    threads = app.settings.scoring.threads
    serving = (
        None
        if champion is None
        else sound(
            app,
            champion,
            lambda one: _policies(app.folder / one.folder, one.sha256, app.artifact_key, threads),
        )
    )
    artifact, policies = serving or ("", {})
    return Lifts(batch, believed(body), policies, artifact)


def believed(body: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return what a batch of beliefs says each action adds, by trigger."""
    return {
        trigger: {name: one["lift"] for name, one in told["actions"].items()}
        for trigger, told in body["triggers"].items()
        if "actions" in told
    }


@lru_cache(maxsize=8)
def _policies(folder: Path, sha256: str, key: bytes, threads: int) -> dict[str, Promise]:
    return read_policies(folder, sha256, key, threads)


def read_policies(folder: Path, sha256: str, key: bytes, threads: int) -> dict[str, Promise]:
    """Return the policies of an artifact by trigger; refused when its files were altered."""
    artifact = read(folder, sha256, key)
    found: dict[str, Promise] = {}
    at = 0
    for trigger, body in artifact.body["policies"].items():
        length = sum(body["lengths"])
        policy = unpacked(artifact.booster[at : at + length], body, threads=threads)
        at += length
        if policy is not None:
            found[trigger] = policy
    return found
