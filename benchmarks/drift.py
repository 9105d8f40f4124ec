"""Whether the alarm fires when the world has moved, and only then, and what age costs a model.

Two public data sets in order of time, and weeks of a shop in which
nothing changes: people come again and again, other people at weekends, and each week is compared
with the ten before the first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from against import asked, missing
from figures import Figure
from numpy.typing import NDArray
from project import DATA, HERE, WORK

from engage.features.build import ARROW
from engage.features.definition import Feature
from engage.project import load_models
from engage.scoring.definition import Model
from engage.scoring.drift import Limits, Shift, shifts
from engage.scoring.metrics import ece, roc_auc
from engage.scoring.population import reference, stored
from engage.scoring.predict import Predictor
from engage.scoring.train import Trained, TrainingSet, train

Floats = NDArray[np.float64]
SHOPPERS, BANK = "online_shoppers_intention.csv", "bank-additional-full.csv"
MONTHS = ("Feb", "Mar", "May", "June", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LATER = datetime(2026, 1, 1, tzinfo=UTC)
"""By when every outcome of both files is known."""
WEEKS = 200
FEATURES = 40
LEARN, SCORE = 10_000, 1_000


@dataclass(frozen=True)
class InOrder:
    """A data set in order of time, and where its newer part begins."""

    name: str
    model: Model
    data: TrainingSet
    border: int

    def part(self, first: int, last: int) -> TrainingSet:
        """Return the rows from one place to another."""
        return TrainingSet(self.data.frame.slice(first, last - first), self.data.label[first:last])


def measure() -> list[Figure]:
    """Return every figure beside its target."""
    figures: list[Figure] = []
    for read, target, peer in ((shoppers, 0.845, ".847 (peer)"), (bank, 0.745, ".748 (peer)")):
        one = read()
        figures += moved(one, target, peer)
        if one.name == "bank":
            figures += rolling(one)
    return [*figures, *stationary()]


def shoppers() -> InOrder:
    """Return the visits of February to October, then those of November and December."""
    table = pd.read_csv(DATA / SHOPPERS)
    month = table["Month"].map({name: place for place, name in enumerate(MONTHS)})
    table = table.iloc[np.argsort(month.to_numpy(), kind="stable")]
    model = load_models(HERE / "projects" / "shoppers" / "models")["session_intent"]
    border = int((month < MONTHS.index("Nov")).sum())
    columns = list(table.columns[:-1])
    return InOrder("shoppers", model, _data(model, table, columns, table["Revenue"]), border)


def bank() -> InOrder:
    """Return the calls in their order, the last fifth of which is the newer part."""
    table = pd.read_csv(DATA / BANK, sep=";")
    model = load_models(HERE / "projects" / "bank" / "models")["deposit"]
    columns = [one for one in table.columns if one not in ("duration", "y")]
    data = _data(model, table, columns, table["y"] == "yes")
    return InOrder("bank", model, data, int(0.8 * len(table)))


def _data(
    model: Model, table: pd.DataFrame, columns: Sequence[str], label: pd.Series
) -> TrainingSet:
    """Return rows as a training set: every one another person, two minutes apart."""
    rows = len(table)
    moments = np.datetime64("2010-01-01", "us") + np.arange(rows) * np.timedelta64(2, "h")
    frame = {
        "subject_id": [f"row_{place:06d}" for place in range(rows)],
        "person_id": [f"per_{place:06d}" for place in range(rows)],
        "as_of": pa.array(moments, pa.timestamp("us")),
    }
    for feature, column in zip(model.features, columns, strict=True):
        values = table[column]
        plain = values.astype(str) if feature.type == "category" else values
        frame[feature.name] = pa.array(plain.to_list(), ARROW[feature.type])
    return TrainingSet(pa.table(frame), label.to_numpy().astype(np.float64))


def learned(model: Model, data: TrainingSet) -> Trained:
    """Return the model trained on these rows as in use: people set aside judge it."""
    return train(model, data, now=LATER, seed=1, threads=1, split="random")


def moved(one: InOrder, target: float, peer: str) -> list[Figure]:
    """Return whether the alarm fires on the newer part, what moved, and how well it is ranked."""
    trained = learned(one.model, one.part(0, one.border))
    newer = one.part(one.border, one.data.frame.num_rows)
    scores = Predictor(trained.artifact).score(newer.frame)
    found = shifts(stored(trained.artifact.body), newer.frame, scores, Limits())
    drifted = [shift for shift in found if shift.drifted]
    ranked = roc_auc(newer.label, scores)
    others = peers(one, scores)
    beside = ", ".join(f"{name} {area:.3f}" for name, area in sorted(others.items()))
    return [
        Figure(f"{one.name}: the alarm fires", _names(drifted), "yes", "", bool(drifted)),
        Figure(
            f"{one.name}: ROC AUC on what came later",
            f"{ranked:.3f}",
            f">= {target}",
            peer,
            ranked >= target,
        ),
        Figure(
            f"{one.name}: ROC AUC on what came later, minus the best peer's on the same rows",
            f"{ranked - max(others.values()):+.3f}",
            "",
            beside,
        )
        if others
        else missing(f"{one.name}: peers on what came later"),
    ]


def peers(one: InOrder, scores: Floats) -> dict[str, float]:
    """Return how other libraries, learned from the older rows, rank the newer; {} without them."""
    newer = np.arange(one.data.frame.num_rows) >= one.border
    told = np.full(len(newer), np.nan)
    told[newer] = scores
    rows = one.data.frame.append_column("label", pa.array(one.data.label))
    rows = rows.append_column("part", pa.array(np.where(newer, "judged", "rest")))
    WORK.mkdir(parents=True, exist_ok=True)
    file = WORK / f"drift-{one.name}.parquet"
    pq.write_table(rows.append_column("score", pa.array(told)), file)
    found = asked("scores", file)
    others = json.loads(found) if found else {}
    return {name: figures["roc_auc"] for name, figures in others.items() if name != "Engage"}


def _names(drifted: Sequence[Shift]) -> str:
    told = [f"{shift.name} {shift.psi:.2f}" for shift in drifted[:5]]
    more = f" and {len(drifted) - 5} more" if len(drifted) > 5 else ""
    return ", ".join(told) + more if told else "no"


def rolling(one: InOrder) -> list[Figure]:
    """Return how well the next thousand calls are scored by the ten thousand before, pooled."""
    scores, label = [], []
    for first in range(LEARN, one.data.frame.num_rows - SCORE + 1, SCORE):
        trained = learned(one.model, one.part(first - LEARN, first))
        part = one.part(first, first + SCORE)
        scores.append(Predictor(trained.artifact).score(part.frame))
        label.append(part.label)
    actual, predicted = np.concatenate(label), np.concatenate(scores)
    ranked, error = roc_auc(actual, predicted), ece(actual, predicted)
    return [
        Figure(
            "bank in time order: ROC AUC, pooled",
            f"{ranked:.3f}",
            ">= 0.765",
            ".772 (peer)",
            ranked >= 0.765,
        ),
        Figure(
            "bank in time order: calibration error",
            f"{error:.3f}",
            "<= 0.025",
            ".018-.034 (peers)",
            error <= 0.025,
        ),
    ]


def stationary() -> list[Figure]:
    """Return the share of weeks in which the alarm fires although nothing has changed."""
    figures = []
    for people in (150, 600, 3000):
        fired = plain = rows = 0
        for number in range(WEEKS):
            rng = np.random.default_rng(number)
            if number % 20 == 0:
                features, frame, scores = weeks_of(rng, people * 2, 10)
                known = np.ones(frame.num_rows, dtype=bool)
                kept = stored({"reference": reference(features, frame, scores, known)})
            _, week, scores = weeks_of(rng, people, 1)
            found = shifts(kept, week, scores, Limits())
            fired += any(one.drifted for one in found)
            plain += any(one.psi > 0.2 for one in found)
            rows += week.num_rows
        figures.append(
            Figure(
                f"false alarms in {WEEKS} weeks of about {rows // WEEKS} rows",
                f"{fired / WEEKS:.1%}",
                "<= 5 %",
                f"{plain / WEEKS:.1%} (index > .2 alone)",
                fired / WEEKS <= 0.05,
            )
        )
    return figures


def weeks_of(
    rng: np.random.Generator, people: int, weeks: int
) -> tuple[list[Feature], pa.Table, Floats]:
    """Return visits in which nothing changes: features, frame, scores.

    How often somebody comes differs much from one to the next; a quarter of the features are the
    person's own, some differ at weekends, some are missing now and then.
    """
    often = np.minimum(rng.gamma(0.5, 1.0, people), 6.0)
    who = np.repeat(np.arange(people), rng.poisson(often * weeks))
    rows, own = len(who), rng.normal(size=(people, FEATURES - 1))
    day = rng.choice(7, rows, p=np.array([2, 2, 2, 2, 2, 1, 0.5]) / 11.5)
    hours = 24 * (7 * rng.integers(0, weeks, rows) + day) + 24 * rng.random(rows)
    moments = np.datetime64("2026-01-05", "us") + (hours * 3600e6).astype("m8[us]")
    frame: dict[str, pa.Array] = {
        "subject_id": pa.array([f"ses_{place}" for place in range(rows)]),
        "person_id": pa.array([f"per_{one}" for one in who]),
        "as_of": pa.array(moments, pa.timestamp("us")),
    }
    features = []
    for place in range(FEATURES - 1):
        base = own[who, place] * (place % 4) + (day >= 5) * (place % 3) + rng.normal(size=rows)
        feature, column = _column(f"feature_{place}", place, base, rng)
        features.append(feature)
        frame[feature.name] = column
    return features, pa.table(frame), 1 / (1 + np.exp(-own[who, 0]))


def _column(
    name: str, place: int, base: Floats, rng: np.random.Generator
) -> tuple[Feature, pa.Array]:
    if place % 5 == 0:
        return Feature(name, "flag", ""), pa.array(base > 1)
    if place % 5 == 1:
        words = np.array(list("abcdefghijklmnop"))[np.clip(2 * base + 6, 0, 15).astype(int)]
        return Feature(name, "category", ""), pa.array(words.astype(object), pa.string())
    if place % 5 == 2:
        return Feature(name, "integer", ""), pa.array(np.maximum(base.round(), 0).astype(int))
    missing = np.where(rng.random(len(base)) < 0.1, np.nan, base)
    return Feature(name, "number", ""), pa.array(missing, pa.float64(), from_pandas=True)
