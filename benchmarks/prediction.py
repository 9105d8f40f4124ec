"""How fast are scores, beside LightGBM's own predict? 40 features, 200 trees of 31 leaves.

`Predictor.score` takes an Arrow frame: columns found by name and checked, words looked up in saved
lists, the trees, the calibration. Beside it LightGBM predicts from a matrix that is ready, in the
same run and in turns; of each the fastest turn (of one row the median one) counts. Building the frame
and keeping the scores, the rest of a scoring job, is not in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict

import lightgbm as lgb
import numpy as np
import pyarrow as pa
from figures import Figure
from numpy.typing import NDArray

from engage.features.definition import Feature
from engage.scoring.artifact import Artifact
from engage.scoring.columns import Encoder, learn_categories
from engage.scoring.predict import Predictor

KINDS = ("number",) * 22 + ("integer",) * 8 + ("flag",) * 5 + ("category",) * 5
FEATURES = tuple(Feature(f"feature_{place}", kind, "") for place, kind in enumerate(KINDS))
TREES, LEAVES, LEARN = 200, 31, 20_000
ROWS, EXPLAINED, TURNS = 50_000, 300, 5
PEER = "LightGBM's predict, same run"
Floats = NDArray[np.float64]


def measure() -> list[Figure]:
    """Return speeds of many rows, of one, and of reasons, each beside LightGBM alone."""
    frame, label = visits(ROWS)
    artifact = learned(frame, label)
    return [*_many(artifact, frame), _one(artifact, frame), _reasons(artifact, frame)]


def visits(rows: int) -> tuple[pa.Table, Floats]:
    """Return invented rows of every kind of feature, one number in ten missing, and labels."""
    rng = np.random.default_rng(0)
    base = rng.normal(size=(rows, len(KINDS)))
    chance = 1 / (1 + np.exp(1.5 - 0.5 * base[:, :10].sum(axis=1) - base[:, 0] * base[:, 38]))
    columns = {
        feature.name: _column(feature.type, base[:, place], rng)
        for place, feature in enumerate(FEATURES)
    }
    return pa.table(columns), (rng.random(rows) < chance).astype(np.float64)


def _column(kind: str, base: Floats, rng: np.random.Generator) -> pa.Array:
    if kind == "integer":
        return pa.array(np.maximum((3 * base).round(), 0).astype(np.int64))
    if kind == "flag":
        return pa.array(base > 1)
    if kind == "category":
        words = np.array(list("abcdefghijklmnop"))[np.clip(2 * base + 6, 0, 15).astype(int)]
        return pa.array(words.tolist(), pa.string())
    missing = np.where(rng.random(len(base)) < 0.1, np.nan, base)
    return pa.array(missing, pa.float64(), from_pandas=True)


def learned(frame: pa.Table, label: Floats) -> Artifact:
    """Return trees of the stated size as an artifact."""
    categories = learn_categories(frame, FEATURES)
    matrix = Encoder(FEATURES, categories).encode(frame.slice(0, LEARN)).matrix
    settings = {"objective": "binary", "num_leaves": LEAVES, "verbosity": -1, "seed": 1}
    words = [place for place, kind in enumerate(KINDS) if kind == "category"]
    data = lgb.Dataset(matrix, label[:LEARN], categorical_feature=words)
    booster = lgb.train({**settings, "num_threads": 2, "deterministic": True}, data, TREES)
    body = {
        "features": [asdict(feature) for feature in FEATURES],
        "categories": categories,
        "calibration": {"kind": "sigmoid", "slope": 1.0, "shift": 0.0},
    }
    return Artifact("visits", booster.model_to_string(), body)


def in_turns(first: Callable[[], object], second: Callable[[], object], turns: int) -> Floats:
    """Return (turns, 2) the seconds of both, one after the other so that other work hits both."""
    seconds = np.empty((turns, 2))
    for turn in range(turns):
        for place, work in enumerate((first, second)):
            begun = time.perf_counter()
            work()
            seconds[turn, place] = time.perf_counter() - begun
    return seconds


def _many(artifact: Artifact, frame: pa.Table) -> list[Figure]:
    booster, figures = lgb.Booster(model_str=artifact.booster), []
    for threads in (1, 2):
        predictor = Predictor(artifact, threads=threads)
        matrix = predictor.encode(frame)
        ours, raw = in_turns(
            lambda one=predictor: one.score(frame),
            lambda m=matrix, n=threads: booster.predict(m, num_threads=n),
            TURNS,
        ).min(axis=0)
        what = (
            f"frame to scores, {threads} thread{'s' * (threads > 1)}: share of raw predict's speed"
        )
        said = f"{raw / ours:.2f} ({ROWS / ours:,.0f} rows/s)"
        beside = f"{ROWS / raw:,.0f} rows/s ({PEER})"
        figures.append(Figure(what, said, ">= .5", beside, bool(raw / ours >= 0.5)))
    return figures


def _one(artifact: Artifact, frame: pa.Table) -> Figure:
    predictor, booster = Predictor(artifact), lgb.Booster(model_str=artifact.booster)
    single, turns = frame.slice(5, 1), 2_000
    matrix = predictor.encode(single)
    seconds = in_turns(
        lambda: predictor.score(single), lambda: booster.predict(matrix, num_threads=1), turns
    )
    ours, raw = 1e3 * np.median(seconds, axis=0)
    what = "one row, frame to score, milliseconds"
    said = f"{ours:.3f}, {ours / raw:.1f} times raw"
    return Figure(what, said, "<= .2", f"{raw:.3f} ({PEER})", bool(ours <= 0.2))


def _reasons(artifact: Artifact, frame: pa.Table) -> Figure:
    predictor, booster = Predictor(artifact), lgb.Booster(model_str=artifact.booster)
    matrix = predictor.encode(frame.slice(0, EXPLAINED))
    ours, raw = in_turns(
        lambda: predictor.contributions(matrix),
        lambda: booster.predict(matrix, pred_contrib=True, num_threads=1),
        TURNS,
    ).min(axis=0)
    what = "reasons (TreeSHAP), 1 thread: share of raw speed"
    said = f"{raw / ours:.2f} ({EXPLAINED / ours:,.0f} rows/s)"
    return Figure(what, said, "", f"{EXPLAINED / raw:,.0f} rows/s ({PEER})")
