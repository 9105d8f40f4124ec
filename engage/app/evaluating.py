"""How good a model is on rows it never saw, without keeping anything."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from engage.app.app import App
from engage.app.training import training_set
from engage.errors import WrongUse
from engage.features.build import ARROW
from engage.scoring.definition import Model
from engage.scoring.evaluate import figures
from engage.scoring.population import person_codes
from engage.scoring.predict import Predictor
from engage.scoring.segments import parity
from engage.scoring.train import Trained, TrainingSet, train


def evaluate_model(
    app: App,
    model: Model,
    *,
    data: Path | None,
    split: str,
    seed: int,
    segment_by: str = "",
    rows: Path | None = None,
) -> dict[str, Any]:
    """Return the figures of a model trained on one part of the labelled rows, judged on the rest.

    The rows come from the history, or from `data`: a Parquet or CSV file with subject_id,
    person_id, as_of, the model's features and `label`, for a model with a contract `left_at` too.
    `segment_by`, FILE/COLUMN, names an attribute by person_id that the model never sees; the
    answer's `parity` then has a line for each group of it. `rows` is a Parquet file that is written:
    see `_keep_rows`.
    """
    if split not in ("random", "time"):
        raise WrongUse(f"--split is random or time, not {split!r}")
    if rows is not None and rows.suffix != ".parquet":
        raise WrongUse(
            f"--rows writes Parquet: name a file that ends in .parquet, not {rows.name!r}"
        )
    now = app.now()
    found = training_set(app, model, now) if data is None else _from_file(model, data)
    groups = _groups(segment_by) if segment_by else None
    trained = train(
        model,
        found,
        split=cast("Literal['random', 'time']", split),
        seed=seed,
        threads=app.settings.scoring.threads,
        trials=app.settings.scoring.trials,
        now=now,
    )
    told = figures(trained, seed)
    if rows is None and groups is None:
        return told
    judged = found.frame.take(pa.array(trained.judged))
    score = Predictor(trained.artifact).score(judged)
    if rows is not None:
        _keep_rows(rows, found, trained, score, ripe_by=now - model.horizon)
    if groups is None:
        return told
    parities = parity(
        _group_of(judged, groups, segment_by),
        np.asarray(found.label, dtype=np.float64)[trained.judged],
        score,
        person_codes(judged),
        largest_gap=app.settings.fairness.largest_gap,
    )
    return told | {"parity": [asdict(one) for one in parities]}


def _keep_rows(
    path: Path, data: TrainingSet, trained: Trained, score: np.ndarray, *, ripe_by: datetime
) -> None:
    """Write every labelled row, so that another model can be judged on the same ones.

    Columns: those of `--data`, `part` and `score`. `part` is "judged", "rest" for what may be
    learned from, or "apart": a label that is not ripe, or another row of a person who is judged.
    `score` is that of the judged rows, else null.
    """
    label = np.asarray(data.label, dtype=np.float64)
    judged = np.zeros(len(label), dtype=np.bool_)
    judged[trained.judged] = True
    scores = np.full(len(label), np.nan)
    scores[trained.judged] = score
    ripe = np.asarray(pc.less_equal(data.frame["as_of"], pa.scalar(ripe_by, _MOMENT)))
    usable = np.isfinite(label) & ripe
    if trained.artifact.body["split"] == "random":
        people = person_codes(data.frame)
        usable &= ~np.isin(people, people[judged])
    part = np.where(judged, "judged", np.where(usable, "rest", "apart"))
    table = data.frame.append_column("label", pa.array(label, from_pandas=True))
    if data.left is not None:
        table = table.append_column("left_at", pa.array(data.left))
    table = table.append_column("part", pa.array(part))
    table = table.append_column("score", pa.array(scores, from_pandas=True))
    try:
        parquet.write_table(table, path)
    except OSError as error:
        raise WrongUse(f"--rows {path} cannot be written: {error.strerror or error}") from error


_MOMENT = pa.timestamp("us")


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
    try:
        return parquet.read_table(path) if path.suffix == ".parquet" else csv.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise WrongUse(f"{path}: cannot be read as a frame: {error}") from error
