"""What each action adds is brought to the candidates again, from the beliefs and policies of then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from engage.app.lifts import BELIEFS, Lifts, believed
from engage.app.replay.artifacts import Artifacts
from engage.app.replay.known import Frame
from engage.app.replay.log import Log
from engage.decide.board import LIFT
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger
from engage.errors import ArtifactRefused
from engage.scoring.uplift.packed import MODEL
from engage.store import Tx, beliefs

NOT_KEPT = "the beliefs of then are not kept any more"


@dataclass(frozen=True)
class Brought:
    """Candidates with what is known of each action, and where that cannot be known again."""

    candidates: pd.DataFrame
    """`lift:ACTION` and the rest, by place in the log; the logged uplift where it is lost."""
    lost: dict[int, str]


def brought(
    tx: Tx, log: Log, rows: pd.DataFrame, frames: Mapping[Subject, Frame], artifacts: Artifacts
) -> Brought:
    """Return the candidates `rows`, indexed by place in the log, as `Lifts.of` gives them."""
    parts: list[pd.DataFrame] = []
    lost: dict[int, str] = {}
    for trigger, (batch, artifact), places in _groups(log):
        mine = rows.loc[places]
        found = _lifts(tx, batch, artifact, artifacts)
        if isinstance(found, Lifts):
            try:
                part = found.of(trigger.name, mine, frames[trigger.subject].of(places))
            except ArtifactRefused as refused:
                found = str(refused)
            else:
                parts.append(part)
                continue
        lost |= dict.fromkeys(places, found)
        parts.append(mine.join(_logged(log, places)))
    return Brought(pd.concat(parts).sort_index() if parts else rows.iloc[:0], lost)


def _groups(log: Log) -> Iterator[tuple[Trigger, tuple[str, str], list[int]]]:
    for trigger, rows in log.by_trigger():
        if trigger is not None:
            sources: dict[tuple[str, str], list[int]] = defaultdict(list)
            for row in rows:
                used = log.artifacts[row]
                sources[used.get(BELIEFS, ""), used.get(MODEL, "")].append(row)
            yield from ((trigger, source, places) for source, places in sorted(sources.items()))


def _lifts(tx: Tx, batch: str, artifact: str, artifacts: Artifacts) -> Lifts | str:
    body = beliefs.get(tx, batch) if batch else {"triggers": {}}
    if body is None:
        return NOT_KEPT
    policies = artifacts.policies(artifact) if artifact else {}
    if isinstance(policies, str):
        return policies
    return Lifts(batch, believed(body), policies, artifact)


def _logged(log: Log, places: list[int]) -> pd.DataFrame:
    """Return the logged uplift as what was believed, so that what follows from it can go on."""
    told = [
        {f"{LIFT}{name}": parts["uplift"] for name, parts in log.weighed[row].items()}
        for row in places
    ]
    return pd.DataFrame(told, index=pd.Index(places))
