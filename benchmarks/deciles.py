"""Do stated chances come true, tenth by tenth? The simulated bank, after eight weeks.

    python benchmarks/deciles.py
    python benchmarks/deciles.py --live 8

A bank whose people are left alone. Each model learns, as the nightly job does, from everything that
was known at one moment (the launch, eight weeks into the events; `--live` so many weeks later), and is
judged on the four weeks after it: one moment of each visit, and the end of each contact. Tenths are of
equal numbers of rows in order of score.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from prefixes import JUDGES, left_alone

from engage.domain.scores import Subject
from engage.features.ages import minutes_into_visits
from engage.features.build import build
from engage.features.engines.duckdb import DuckEngine
from engage.features.labels import labels
from engage.features.moments import OF_A_VISIT, training_subjects
from engage.project import open_project
from engage.scoring.calibrate import error_of_mean
from engage.scoring.definition import Model
from engage.scoring.population import person_codes
from engage.scoring.predict import Predictor
from engage.scoring.train import TrainingSet, train
from engage.starting import begin_project

MODELS = ("session_intent", "session_struggle", "interaction_unresolved")
JUDGED = timedelta(weeks=4)
TENTHS, WITHIN = 10, 0.02

Floats = NDArray[np.float64]


def seen(
    duck: DuckEngine,
    model: Model,
    *,
    of_a_visit: int,
    seed: int,
    since: datetime | None = None,
    until: datetime,
    most: int | None = None,
) -> TrainingSet:
    """Return the moments of a span, with what came of them where that is known."""
    found = training_subjects(
        duck,
        model.subject,
        seed=seed,
        of_a_visit=of_a_visit,
        since=since,
        until=until,
        most=most,
    )
    frame = build(duck, model.query, model.features, found, barred=model.barred, name=model.name)
    label = labels(duck, model.label, found, model.horizon, name=model.name)["label"]
    minutes = minutes_into_visits(duck, found) if model.subject is Subject.SESSION else None
    return TrainingSet(frame, label.to_numpy().astype(float), minutes)


def tenths(model: Model, actual: Floats, stated: Floats, person: NDArray[np.int64]) -> None:
    """Print what was stated and what happened in each tenth, and how far that is apart."""
    order = np.argsort(stated, kind="stable")
    print(f"\n{model.name}: {len(actual)} of {len(np.unique(person))} people", end="; ")
    print(f"stated {stated.mean():.3f}, happened {actual.mean():.3f}")
    print("| tenth | rows | stated | happened | apart | standard error |\n" + "|---" * 6 + "|")
    worst = 0.0
    for number, rows in enumerate(np.array_split(order, TENTHS), 1):
        apart = stated[rows] - actual[rows]
        error = error_of_mean(apart, person[rows])
        worst = max(worst, abs(apart.mean()))
        print(
            f"| {number} | {len(rows):,} | {stated[rows].mean():.3f} | {actual[rows].mean():.3f}"
            f" | {apart.mean():+.3f} | {error:.3f} |"
        )
    print(f"the farthest tenth: {worst:.3f} (target: at most {WITHIN})", flush=True)


def main() -> int:
    """Print the tenths of each model."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--live", type=int, default=0, help="weeks after launch; 0: at launch")
    parser.add_argument("--models", nargs="*", default=MODELS, choices=MODELS)
    asked = parser.parse_args()
    weeks = asked.live + JUDGED // timedelta(weeks=1)
    world, told = left_alone(asked.people, asked.seed, weeks)
    now = world.starts_at + timedelta(weeks=asked.live)
    print(f"{asked.people} people told", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder, DuckEngine(told) as duck:
        begin_project(Path(folder))
        project = open_project(Path(folder))
        most = project.app.settings.scoring.max_rows
        for name in asked.models:
            model = project.app.models[name]
            data = seen(duck, model, of_a_visit=OF_A_VISIT, seed=asked.seed, until=now, most=most)
            done = train(model, data, now=now, seed=asked.seed, threads=1, trials=2)
            later = seen(duck, model, of_a_visit=1, seed=JUDGES, since=now, until=now + JUDGED)
            known = np.flatnonzero(np.isfinite(later.label))
            frame = later.frame.take(pa.array(known))
            stated = Predictor(done.artifact).score(frame)
            tenths(model, later.label[known], stated, person_codes(frame))
        project.app.store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
