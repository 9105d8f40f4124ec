"""What each guard is worth: break one at a time and see intervals miss the truth.

    python benchmarks/guards.py --seeds 20

Every seed is a bank with every trouble, approached by fair coins (`lived`). The engine's own code
measures it once as it is, and once with one guard broken. An interval of 95 % should hold the
truth nineteen times in twenty; what is left of that without a guard is what the guard is for.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from lived import ABANDONED, NIGHT, SHARE, UNRESOLVED, Lived, Relations, hashed, live_through

from engage.domain.catalog import QUERYABLE
from engage.features.build import build as build_features
from engage.features.engines.duckdb import DuckEngine
from engage.features.labels import labels
from engage.features.moments import training_subjects
from engage.measure import judge
from engage.measure.goals import reached
from engage.measure.recovered import Stage
from engage.measure.report import Watched, build
from engage.project import Project, open_project
from engage.scoring.definition import Model
from engage.scoring.predict import Predictor
from engage.scoring.train import TrainingSet, train
from engage.simulate.nastiness import Nastiness
from engage.starting import begin_project

GOAL = {
    NIGHT: "mortgage_application_submitted",
    ABANDONED: "application_submitted",
    UNRESOLVED: "recovered",
}
MODEL = "interaction_unresolved"
WATCHED, JUDGED = timedelta(days=14), 1_000
"""Of the contacts of the first two live weeks so many are scored and then watched."""


class Shown(NamedTuple):
    """An interval beside what it should hold, in points."""

    estimate: float
    low: float
    high: float
    truth: float

    @property
    def held(self) -> bool:
        """Return whether it does."""
        return self.low <= self.truth <= self.high


Found = Iterator[tuple[str, Shown]]


def effects(lived: Lived, project: Project, qualified: pd.DataFrame) -> Found:
    """Yield each trigger's interval as the engine measures it, beside the truth."""
    rows = pd.DataFrame(
        {name: qualified[name] for name in (*_IDS, "qualified_at", "until")}
    ).assign(arm_global="treated", arm_trigger=qualified["arm"], share_trigger=SHARE)
    with DuckEngine(_with_outcomes(lived.told, project)) as duck:
        report = build(
            duck,
            pa.Table.from_pandas(rows, preserve_index=False),
            [Watched(name, goal, SHARE) for name, goal in GOAL.items()],
            now=lived.ends,
            held_out_global=0.0,
        )
    for one in report["triggers"]:
        effect = one["effect"]
        if effect["estimate"] is None:
            raise SystemExit(f"{one['name']}: {effect['withheld']}")
        estimate, low, high = (100 * effect[name] for name in ("estimate", "low", "high"))
        yield one["name"], Shown(estimate, low, high, truth=100 * lived.truth[one["name"]])


_IDS = ("decision_id", "person_id", "trigger", "subject_id")


def _with_outcomes(told: Relations, project: Project) -> Relations:
    goals = list(project.app.goals.values())
    names = {goal.relation for goal in goals}
    found = [reached(goals, QUERYABLE[name], told[name]) for name in sorted(names)]
    return told | {"outcomes": pa.concat_tables(found)}


def as_it_is(lived: Lived, project: Project) -> Found:
    """Measure with every guard in place."""
    return effects(lived, project, lived.qualified)


def by_case_status(lived: Lived, project: Project) -> Found:
    """Count a case that an agent closed as a recovery; nobody closes those of the held-out."""
    answered = lived.qualified.loc[lived.qualified["answer"].isin(_SERVED), "decision_id"]
    real = judge.stages

    def closed(engine: DuckEngine, units: pa.Table, now: Any) -> tuple[Stage, ...]:
        done = pd.Series(units["decision_id"].to_pylist()).isin(answered).to_numpy()
        return tuple(
            replace(one, recovered=np.maximum(one.recovered, done.astype(np.float64)))
            for one in real(engine, units, now)
        )

    with _instead(judge, "stages", closed):
        return iter(list(effects(lived, project, lived.qualified)))


_SERVED = ("chat_now", "call_now", "slot")


def arms_drawn_anew(lived: Lived, project: Project) -> Found:
    """Draw the arms again by whom everybody turned out to be."""
    anew = hashed(lived.qualified, "owner", lived.salt)
    return effects(lived, project, lived.qualified.assign(arm=anew))


def refused_as_controls(lived: Lived, project: Project) -> Found:
    """Let those whom the price kept out stand beside the held-out, with no check of the ratio."""
    both = pd.concat([lived.qualified, lived.refused.assign(arm="held_out")], ignore_index=True)
    with _instead(judge, "MISMATCH", 0.0):
        return iter(list(effects(lived, project, both)))


def scores(lived: Lived, project: Project, *, by_ts: bool = False) -> Found:
    """Learn from what was told before launch; hold the mean score against what came.

    `by_ts`: learn as if every record had been known, in its last version, when it happened.
    """
    model = project.app.models[MODEL]
    learned = _known_when_it_happened(lived.told) if by_ts else lived.told
    launch = pd.Timestamp(lived.launch).tz_localize(None)
    predictor = _trained(model, _by(learned, launch), lived)
    with DuckEngine(lived.told) as duck:
        moments = training_subjects(
            duck, model.subject, since=lived.launch, until=lived.launch + WATCHED
        )
        frame = build_features(duck, model.query, model.features, moments, barred=model.barred)
        label = labels(duck, model.label, moments, model.horizon)["label"].to_numpy()
    # Of those whom the hash holds out, whoever they are: whom we approached depends on what came.
    people = pd.DataFrame({"person_id": frame["person_id"].to_pylist()})
    arms = [hashed(people.assign(trigger=one), "person_id", lived.salt) for one in GOAL]
    alone = ((arms[0] == "held_out") & (arms[1] == "held_out")).to_numpy()
    used = np.flatnonzero(alone & ~np.isnan(label.astype(np.float64)))
    used = np.random.default_rng(1).permutation(used)[:JUDGED]
    p, y = predictor.score(frame)[used], label.astype(np.float64)[used]
    spread = 196 * np.sqrt((p * (1 - p)).sum()) / len(p)
    mean = 100 * p.mean()
    yield MODEL, Shown(mean, mean - spread, mean + spread, 100 * y.mean())


def _trained(model: Model, told: Relations, lived: Lived) -> Predictor:
    with DuckEngine(told) as duck:
        moments = training_subjects(duck, model.subject, until=lived.launch)
        frame = build_features(duck, model.query, model.features, moments, barred=model.barred)
        label = labels(duck, model.label, moments, model.horizon)["label"].to_numpy()
    data = TrainingSet(frame, label.astype(np.float64))
    return Predictor(train(model, data, now=lived.launch, seed=1, threads=1).artifact)


def _by(told: Relations, moment: pd.Timestamp) -> Relations:
    return {
        name: table.filter(pa.array(table["known_at"].to_numpy() <= moment.to_datetime64()))
        for name, table in told.items()
    }


def _known_when_it_happened(told: Relations) -> Relations:
    """Return all rows as if each had been known when it happened, contacts by the last word."""
    contacts = told["interactions"].column_names
    versions = pa.concat_tables([told["interactions"], told["corrections"].select(contacts)])
    last = (
        versions.to_pandas().sort_values("known_at").drop_duplicates("interaction_id", keep="last")
    )
    by_ts = told | {
        "interactions": pa.Table.from_pandas(last, versions.schema, preserve_index=False),
        "corrections": told["corrections"].slice(0, 0),
    }
    return {
        name: table.set_column(place, "known_at", table["ts"])
        if "ts" in table.column_names and (place := table.schema.get_field_index("known_at")) >= 0
        else table
        for name, table in by_ts.items()
    }


def scores_by_ts(lived: Lived, project: Project) -> Found:
    """Learn by `ts` where it must be `known_at`."""
    return scores(lived, project, by_ts=True)


@contextmanager
def _instead(module: Any, name: str, other: Any) -> Iterator[None]:
    kept = getattr(module, name)
    setattr(module, name, other)
    try:
        yield
    finally:
        setattr(module, name, kept)


Way = Callable[[Lived, Project], Found]
WAYS: dict[str, Way] = {
    "none": as_it_is,
    "case status counts as recovery": by_case_status,
    "arms drawn anew on merge": arms_drawn_anew,
    "refused people as controls": refused_as_controls,
    "(none, for the score)": scores,
    "ts instead of known_at": scores_by_ts,
}


def main() -> int:
    """Live through the seeds and print how often the truth was held, with each guard and without."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--people", type=int, default=8_000)
    parser.add_argument("--calm", action="store_true", help="without the troubles")
    parser.add_argument("--only", nargs="*", default=list(WAYS), help="some of the guards")
    asked = parser.parse_args()
    troubles = Nastiness.none() if asked.calm else Nastiness.all()
    found: Mapping[tuple[str, str], list[Shown]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        begin_project(Path(folder))
        project = open_project(Path(folder))
        for seed in range(1, asked.seeds + 1):
            lived = live_through(asked.people, seed, troubles)
            for name in asked.only:
                for figure, shown in WAYS[name](lived, project):
                    found[name, figure].append(shown)
            print(f"seed {seed}", file=sys.stderr, flush=True)
        project.app.store.close()
    print(f"{'guard broken':<34}{'figure':<32}{'held':>8}{'mean error':>12}{'width':>8}")
    for (name, figure), each in found.items():
        held, error = sum(one.held for one in each), sum(o.estimate - o.truth for o in each)
        width = sum(one.high - one.low for one in each) / len(each)
        print(
            f"{name:<34}{figure:<32}{held:>4}/{len(each):<3}{error / len(each):>+12.1f}{width:>8.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
