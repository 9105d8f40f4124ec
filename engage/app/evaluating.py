"""How good a model is on rows it never saw, without keeping anything."""

from __future__ import annotations

from dataclasses import asdict
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
from engage.scoring.evaluate import evaluate, figures
from engage.scoring.population import person_codes
from engage.scoring.predict import Predictor
from engage.scoring.segments import parity
from engage.scoring.train import TrainingSet, train


def evaluate_model(
    app: App, model: Model, *, data: Path | None, split: str, seed: int, segment_by: str = ""
) -> dict[str, Any]:
    """Return the figures of a model trained on one part of the labelled rows, judged on the rest.

    The rows come from the history, or from `data`: a Parquet or CSV file with subject_id,
    person_id, as_of, the model's features and `label`, for a model with a contract `left_at` too. `segment_by`, FILE/COLUMN, names an
    attribute by person_id that the model never sees; the answer's `parity` then has a line for
    each group of it.
    """
    if split not in ("random", "time"):
        raise WrongUse(f"--split is random or time, not {split!r}")
    now = app.now()
    rows = training_set(app, model, now) if data is None else _from_file(model, data)
    kind = cast("Literal['random', 'time']", split)
    threads, trials = app.settings.scoring.threads, app.settings.scoring.trials
    if not segment_by:
        return evaluate(model, rows, split=kind, seed=seed, threads=threads, now=now, trials=trials)
    groups = _groups(segment_by)
    trained = train(model, rows, split=kind, seed=seed, threads=threads, now=now, trials=trials)
    judged = rows.frame.take(pa.array(trained.judged))
    found = parity(
        _group_of(judged, groups, segment_by),
        np.asarray(rows.label, dtype=np.float64)[trained.judged],
        Predictor(trained.artifact).score(judged),
        person_codes(judged),
        largest_gap=app.settings.fairness.largest_gap,
    )
    return figures(trained, seed) | {"parity": [asdict(one) for one in found]}


def _groups(segment_by: str) -> pa.Table:
    """Return who belongs to which group: person_id and group, each person once."""
    file, _, column = segment_by.rpartition("/")
    table = _read(Path(file))
    for name in ("person_id", column):
        if name not in table.column_names:
            raise WrongUse(f"{file}: there is no column {name!r}; --segment-by is FILE/COLUMN")
    groups = pa.table(
        {
            "person_id": table["person_id"].cast(pa.string()),
            "group": table[column].cast(pa.string()),
        }
    )
    if len(groups["person_id"].unique()) != groups.num_rows:
        raise WrongUse(f"{file}: a person stands there twice; give each person_id one row")
    return groups


def _group_of(judged: pa.Table, groups: pa.Table, segment_by: str) -> pa.ChunkedArray:
    place = pc.index_in(judged["person_id"], groups["person_id"].combine_chunks())
    if place.null_count == judged.num_rows:
        raise WrongUse(f"{segment_by}: none of its person_id is among the judged rows")
    return groups["group"].take(place)


def _from_file(model: Model, path: Path) -> TrainingSet:
    table = _read(path)
    needed = ["subject_id", "person_id", "as_of", *model.feature_names, "label"]
    needed += ["left_at"] if model.contract else []
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        raise WrongUse(f"{path}: the column {missing[0]!r} is missing; it needs {needed}")
    types: list[pa.DataType] = [pa.string(), pa.string(), pa.timestamp("us")]
    types += [ARROW[feature.type] for feature in model.features]
    names = needed[: len(types)]
    fields = [pa.field(name, kind) for name, kind in zip(names, types, strict=True)]
    frame = table.select(names).cast(pa.schema(fields))
    label = pc.cast(table["label"], pa.float64()).to_numpy(zero_copy_only=False)
    left = table["left_at"].cast(pa.timestamp("us")).to_numpy() if model.contract else None
    return TrainingSet(frame, label.astype(np.float64), left=left)


def _read(path: Path) -> pa.Table:
    from pyarrow import csv, parquet

    try:
        return parquet.read_table(path) if path.suffix == ".parquet" else csv.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise WrongUse(f"{path}: cannot be read as a frame: {error}") from error
