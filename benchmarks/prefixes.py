"""How soon in a visit a model knows, and what it is worth to learn at several moments of each.

    python benchmarks/prefixes.py
    python benchmarks/prefixes.py --compare

Each seed is a bank whose visitors are left alone. Both session models learn from what half of the
people did in the eight weeks before launch; they are judged at one moment, drawn by a hash, of
each visit that the other half made in the four weeks after.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engage.collect.identity import owners
from engage.collect.sessionize import sessionize
from engage.domain.catalog import ARCHIVED
from engage.domain.ids import draw_column
from engage.domain.scores import Objective
from engage.features.ages import minutes_into_visits
from engage.features.build import build
from engage.features.engines.duckdb import DuckEngine
from engage.features.labels import labels
from engage.features.moments import OF_A_VISIT, training_subjects
from engage.project import Project, open_project
from engage.scoring.by_minute import by_minute
from engage.scoring.definition import Model
from engage.scoring.metrics import roc_auc
from engage.scoring.population import person_codes
from engage.scoring.predict import Predictor
from engage.scoring.train import TrainingSet, train
from engage.simulate.world import World
from engage.starting import begin_project

MODELS = ("session_intent", "session_struggle")
JUDGES = 77
"""Seed of the moments that judge; no training uses it."""


class Way(NamedTuple):
    """How visits are learned from."""

    moments: int
    """At most so many of each."""
    alike: bool = False
    """Whether every moment weighs alike, so that a long visit counts more than a short one."""


ONE, SHIPPED = Way(1), Way(OF_A_VISIT)
COMPARED = (ONE, Way(2), SHIPPED, Way(OF_A_VISIT, alike=True), Way(2 * OF_A_VISIT))

Floats = NDArray[np.float64]
Relations = dict[str, pa.Table]


@dataclass(frozen=True)
class Judged:
    """What a model said of visits that it never saw, and what came of them."""

    minutes: Floats
    actual: Floats
    predicted: Floats
    person: NDArray[np.int64]

    @property
    def loss(self) -> Floats:
        """Return the log-loss of each visit."""
        chance = np.clip(self.predicted, 1e-9, 1 - 1e-9)
        return -np.where(self.actual == 1, np.log(chance), np.log1p(-chance))


def together(parts: Sequence[Judged]) -> Judged:
    """Return the visits of several banks as one, no person of one being another's."""
    firsts = np.cumsum([0, *(part.person.max() + 1 for part in parts)])
    return Judged(
        minutes=np.concatenate([part.minutes for part in parts]),
        actual=np.concatenate([part.actual for part in parts]),
        predicted=np.concatenate([part.predicted for part in parts]),
        person=np.concatenate([one.person + k for one, k in zip(parts, firsts, strict=False)]),
    )


def left_alone(people: int, seed: int, weeks: int = 4) -> tuple[World, Relations]:
    """Return a bank and all that is ever told of it in so many weeks, its events cut into visits."""
    world = World(people, seed, weeks_live=weeks)
    parts = [world.history(), world.until(world.ends_at)]
    told = {
        name: pa.concat_tables([part[name] for part in parts if name in part])
        for name in parts[0]
        if name in ARCHIVED
    }
    events, visits = sessionize(told["events"], owners=owners(told["links"]))
    return world, told | {"events": events, "sessions": visits.drop_columns("last_at")}


def rows(
    duck: DuckEngine,
    model: Model,
    half: int,
    *,
    seed: int,
    of_a_visit: int = 1,
    since: datetime | None = None,
    until: datetime,
) -> TrainingSet:
    """Return the moments of the visits of one half of the people, with what came of them."""
    found = training_subjects(
        duck, model.subject, seed=seed, of_a_visit=of_a_visit, since=since, until=until
    )
    drawn = np.array(draw_column(b"prefixes", found["person_id"].to_pylist(), "half"))
    found = found.filter(pa.array((drawn < 0.5) == (half == 1)))
    frame = build(duck, model.query, model.features, found, barred=model.barred, name=model.name)
    label = labels(duck, model.label, found, model.horizon, name=model.name)["label"]
    return TrainingSet(frame, label.to_numpy().astype(float), minutes_into_visits(duck, found))


def judged(
    project: Project, people: int, seed: int, ways: Sequence[Way]
) -> Iterator[tuple[str, Way, Judged]]:
    """Yield what each model says of unseen visits, having learned in each of these ways."""
    world, told = left_alone(people, seed)
    launch, end = world.starts_at, world.live_until
    with DuckEngine(told) as duck:
        for name in MODELS:
            model = project.app.models[name]
            asked = rows(duck, model, 1, seed=JUDGES, since=launch, until=end)
            known = np.flatnonzero(np.isfinite(asked.label))
            frame, label = asked.frame.take(pa.array(known)), asked.label[known]
            assert asked.minutes is not None
            for way in ways:
                data = rows(duck, model, 0, seed=seed, of_a_visit=way.moments, until=launch)
                alike = patch(
                    "engage.scoring.prepare.weights", lambda _, frame: np.ones(len(frame))
                )
                with alike if way.alike else nullcontext():
                    done = train(model, data, now=launch, seed=seed, threads=1, trials=2)
                said = Predictor(done.artifact).score(frame)
                yield name, way, Judged(asked.minutes[known], label, said, person_codes(frame))


def curve(name: str, all_of: Judged) -> None:
    """Print the quality of a model at each age of a visit, over all banks."""
    people = len(np.unique(all_of.person))
    print(f"\n{name}: {len(all_of.actual)} visits of {people} people")
    print("minutes        visits  happens   stated  ROC AUC            95 %    ECE  by chance")
    parts = (all_of.minutes, all_of.actual, all_of.predicted, all_of.person)
    for one in by_minute(Objective.PROBABILITY, *parts):
        if "note" in one:
            print(f"{one['minutes']:<12}{one['n']:>9}  {one['note']}")
            continue
        reach = f"{one['roc_auc_low']:.3f} to {one['roc_auc_high']:.3f}"
        print(
            f"{one['minutes']:<12}{one['n']:>9}{one['base_rate']:>9.3f}{one['stated']:>9.3f}"
            f"{one['roc_auc']:>9.3f}{reach:>16}{one['ece']:>7.3f}{one['ece_by_chance']:>11.3f}"
        )


def compared(name: str, found: dict[Way, list[Judged]]) -> None:
    """Print what learning at several moments of a visit gains over one, paired by person."""
    print(f"\n{name}")
    print("moments                log-loss  ROC AUC       gain  std. error  banks better")
    for way, each in found.items():
        gains = [one.loss - other.loss for one, other in zip(found[ONE], each, strict=True)]
        gain, person = np.concatenate(gains), together(each).person
        error = np.sqrt((np.bincount(person, weights=gain - gain.mean()) ** 2).sum()) / len(gain)
        area = np.mean([roc_auc(one.actual, one.predicted) for one in each])
        loss = np.concatenate([one.loss for one in each]).mean()
        better = f"{sum(one.mean() > 0 for one in gains)} of {len(gains)}"
        words = f"{way.moments}{', all weigh alike' if way.alike else ''}"
        print(
            f"{words:<21}{loss:>10.4f}{area:>9.3f}{gain.mean():>+11.4f}{error:>12.4f}{better:>14}"
        )


def main() -> int:
    """Print the curve of each model, or what it gains by several moments of a visit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--compare", action="store_true", help="one moment of a visit with several")
    asked = parser.parse_args()
    ways = COMPARED if asked.compare else (SHIPPED,)
    found: dict[str, dict[Way, list[Judged]]] = {name: {way: [] for way in ways} for name in MODELS}
    with tempfile.TemporaryDirectory() as folder:
        begin_project(Path(folder))
        project = open_project(Path(folder))
        for seed in range(1, asked.seeds + 1):
            for name, way, one in judged(project, asked.people, seed, ways):
                found[name][way].append(one)
            print(f"seed {seed}", file=sys.stderr, flush=True)
        project.app.store.close()
    for name in MODELS:
        if asked.compare:
            compared(name, found[name])
        else:
            curve(name, together(found[name][SHIPPED]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
