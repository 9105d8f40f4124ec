"""How good a model is on rows it never saw, without keeping anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engage.app.app import App
from engage.app.training import training_set
from engage.errors import WrongUse
from engage.features.build import ARROW
from engage.scoring.definition import Model
from engage.scoring.evaluate import evaluate
from engage.scoring.train import TrainingSet


def evaluate_model(
    app: App, model: Model, *, data: Path | None, split: str, seed: int
) -> dict[str, Any]:
    """Return the figures of a model trained on one part of the labelled rows, judged on the rest.

    The rows come from the history, or from `data`: a Parquet or CSV file with subject_id,
    person_id, as_of, the model's features and `label`.
    """
    if split not in ("random", "time"):
        raise WrongUse(f"--split is random or time, not {split!r}")
    now = app.now()
    rows = training_set(app, model, now) if data is None else _from_file(model, data)
    kind = cast("Literal['random', 'time']", split)
    threads = app.settings.scoring.threads
    return evaluate(model, rows, split=kind, seed=seed, threads=threads, now=now)


def _from_file(model: Model, path: Path) -> TrainingSet:
    table = _read(path)
    needed = ["subject_id", "person_id", "as_of", *model.feature_names, "label"]
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        raise WrongUse(f"{path}: the column {missing[0]!r} is missing; it needs {needed}")
    types: list[pa.DataType] = [pa.string(), pa.string(), pa.timestamp("us")]
    types += [ARROW[feature.type] for feature in model.features]
    names = needed[:-1]
    fields = [pa.field(name, kind) for name, kind in zip(names, types, strict=True)]
    frame = table.select(names).cast(pa.schema(fields))
    label = pc.cast(table["label"], pa.float64()).to_numpy(zero_copy_only=False)
    return TrainingSet(frame, label.astype(np.float64))


def _read(path: Path) -> pa.Table:
    from pyarrow import csv, parquet

    try:
        return parquet.read_table(path) if path.suffix == ".parquet" else csv.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise WrongUse(f"{path}: cannot be read as a frame: {error}") from error
