"""Is a bank customer's value told better by margin x retention? Trees alone, and the mean of both.

    python benchmarks/contract_value.py --seeds 1 2 3

Every seed is a simulated bank. Each way learns from what was known at launch, with two years or
with fifteen months of money behind it, and is judged on everybody by the margin of the twelve
months after. No jobs run here: features, labels and training are the engine's own code.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.domain.scores import Objective
from engage.features.build import build
from engage.features.engines.duckdb import DuckEngine
from engage.features.labels import labels, leavings
from engage.features.moments import training_subjects
from engage.project import open_project
from engage.scoring.contract import from_texts, split_text
from engage.scoring.definition import Model
from engage.scoring.predict import Predictor
from engage.scoring.quality import quality
from engage.scoring.train import TrainingSet, train
from engage.simulate.nastiness import Nastiness
from engage.simulate.world import World
from engage.starting import begin_project

KNOWN = {"two years": None, "fifteen months": timedelta(days=456)}
READ = ("people", "links", "sessions", "events", "interactions", "transactions")

Relations = dict[str, pa.Table]
Floats = NDArray[np.float64]


def main() -> int:
    """Print how each way does on each bank, and on the mean of all."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    asked.add_argument("--known", choices=[*KNOWN], nargs="+", default=[*KNOWN])
    asked.add_argument("--people", type=int, default=1500)
    asked.add_argument("--nasty", action="store_true", help="a bank with every trouble")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begin_project(Path(folder))
        model = open_project(Path(folder)).app.models["customer_value"]
    found = pd.DataFrame(
        row
        for seed in given.seeds
        for row in measure(model, given.people, seed, known=given.known, nasty=given.nasty)
    )
    print(found.to_string(index=False, float_format="%.4g"), "\n")
    means = found.groupby(["known", "way"], sort=False).mean(numeric_only=True)
    print(means.drop(columns="seed").to_string(float_format="%.4g"))
    return 0


def measure(
    model: Model, people: int, seed: int, *, known: list[str], nasty: bool
) -> Iterator[dict[str, object]]:
    """Yield the figures of each way on one bank."""
    troubles = Nastiness.all() if nasty else Nastiness.none()
    world = World(people, seed, weeks_before=104, weeks_live=53, nastiness=troubles)
    before, after = world.history(), world.until(world.ends_at + timedelta(days=400))
    before = {name: table for name, table in before.items() if name in READ}
    fresh, actual = _judged(model, before, after, world.starts_at)
    for one in known:
        data = _learned(model, before, world.starts_at, KNOWN[one])
        for way, figures in _ways(model, data, world.starts_at, fresh, actual):
            yield {"seed": seed, "known": one, "way": way, "n": len(actual), **figures}


def _judged(
    model: Model, before: Relations, after: Relations, launch: datetime
) -> tuple[pa.Table, Floats]:
    """Return everybody's features at launch and the margin of the twelve months after it."""
    told = {
        name: pa.concat_tables([table, after[name]]) if name in after else table
        for name, table in before.items()
    }
    with DuckEngine(told) as duck:
        moments = training_subjects(duck, model.subject, until=launch)
        ids = pc.unique(moments["person_id"])
        at = pa.array([launch.replace(tzinfo=None)] * len(ids), pa.timestamp("us"))
        people = pa.table({"subject_id": ids, "person_id": ids, "as_of": at})
        frame = build(duck, model.query, model.features, people, barred=model.barred)
        label = labels(duck, model.label, people, model.horizon)["label"].to_numpy()
    return frame, label.astype(np.float64)


def _learned(
    model: Model, told: Relations, launch: datetime, span: timedelta | None
) -> TrainingSet:
    """Return what there is to learn from at launch, of the last `span` of the books."""
    if span is not None:
        edge = np.datetime64((launch - span).replace(tzinfo=None))
        told = {
            name: table.filter(pa.array(table["ts"].to_numpy() > edge))
            if "ts" in table.column_names
            else table
            for name, table in told.items()
        }
    with DuckEngine(told) as duck:
        moments = training_subjects(duck, model.subject, until=launch)
        frame = build(duck, model.query, model.features, moments, barred=model.barred)
        label = labels(duck, model.label, moments, model.horizon)["label"].to_numpy()
        assert model.contract is not None
        left = leavings(duck, model.contract.left, moments, model.horizon)["left_at"].to_numpy()
    return TrainingSet(frame, label.astype(np.float64), left=left)


def _ways(
    model: Model, data: TrainingSet, launch: datetime, fresh: pa.Table, actual: Floats
) -> Iterator[tuple[str, dict[str, object]]]:
    for way, contract in (("trees alone", None), ("mean of both", model.contract)):
        begun = time.process_time()
        changed = replace(model, contract=contract)
        artifact = train(changed, data, now=launch, seed=1, threads=1).artifact
        seconds = {"cpu_s": time.process_time() - begun, "ripe": artifact.body["rows"]}
        predictor = Predictor(artifact)
        stated = predictor.score(fresh)
        low, high = predictor.interval(fresh)
        inside = float(((actual >= low) & (actual <= high)).mean())
        yield way, _figures(actual, stated) | {"within": inside} | seconds
        retention = from_texts(split_text(artifact.booster)[1:], artifact.body["contract"])
        if retention is not None:
            yield "retention alone", _figures(actual, retention.amounts(predictor.encode(fresh)))


def _figures(actual: Floats, stated: Floats) -> dict[str, object]:
    found = quality(Objective.AMOUNT, actual, stated)
    return {"rmse": (found["rmse"] or 0) / 100, "ngini": found["ngini"], "bias": found["bias"]}


if __name__ == "__main__":
    sys.exit(main())
