"""How much of what an oracle gains the learned policy loses, on the simulated bank.

    python benchmarks/regret_bank.py --decisions 50000

Visitors of a calm bank who left a form are each given a chat offer, a call-back slot, a text or
nothing, by an even draw; features are the engine's own queries as of that moment, the outcome is
what the bank's people do. From that log the engine learns beliefs and a policy by its own code.
Both are then asked about the visitors of another bank, whose expected outcome under every action is
worked out from the simulation's own rules. The oracle knows of them what features can tell: trees
grown on the truth under every action itself, of as many visitors. Regret is the share of the oracle's
gain over leaving everybody alone that is lost.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from lived import ABANDONED, IDLE, abandoned, owners
from numpy.typing import NDArray

from engage.app.app import App
from engage.app.frames import models_of
from engage.collect.sessionize import sessionize
from engage.decide.beliefs import learn
from engage.decide.evidence import counts
from engage.domain.catalog import ARCHIVED
from engage.domain.scores import Subject
from engage.features.build import build
from engage.features.engines.duckdb import DuckEngine
from engage.features.frame import merge
from engage.project import open_project
from engage.scoring.columns import Encoder, learn_categories
from engage.scoring.uplift.chosen import Money, learn_policy
from engage.scoring.uplift.trees import Fit
from engage.scoring.uplift.trial import trial
from engage.simulate import responses
from engage.simulate.answering import OFFERS, answers
from engage.simulate.course import HELPED, PUT_OFF
from engage.simulate.nastiness import Nastiness
from engage.simulate.tables import micros_of
from engage.simulate.world import World
from engage.starting import begin_project

ACTIONS = ("callback_slot", "chat_offer", "sms_followup")
CHANNEL = {"callback_slot": "callback", "chat_offer": "chat_offer", "sms_followup": "sms"}
EVEN = np.full(len(ACTIONS) + 1, 1 / (len(ACTIONS) + 1))
PER_PERSON = 0.24
"""Visitors who leave a form in three weeks, for each person of the bank; drawn a little short."""
HORIZON = timedelta(days=14)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """Visitors who left a form, with all that is known of them and what would come of each action."""

    ids: list[str]
    people: list[str]
    frame: pa.Table
    stake: Floats
    action: NDArray[np.int64]
    reached: Floats
    true: Floats
    """(n, k + 1) the expected share that reaches the goal under each action; none is last."""


def visitors(app: App, people: int, seed: int, most: int) -> Asked:
    """Return the visitors of a bank who left a form, the first time for each."""
    world = World(people, seed, weeks_live=3, nastiness=Nastiness.none())
    history, rest = world.history(), world.until(world.ends_at + timedelta(days=60))
    told = {
        name: pa.concat_tables([table, *([rest[name]] if name in rest else [])])
        for name, table in history.items()
        if name in ARCHIVED
    }
    everybody = pd.Series(pc.unique(told["events"]["person_id"]).to_pylist())
    who = pa.table({"person_id": everybody, "canonical_id": owners(everybody, told["links"])})
    told["events"], told["sessions"] = sessionize(told["events"], owners=who)
    found = _first(abandoned(told["events"]), world, told["links"]).head(most)
    draw = np.random.default_rng(seed)
    action = draw.integers(0, len(EVEN), len(found))
    alone = _alone(told, found)
    return Asked(
        ids=found["decision_id"].tolist(),
        people=owners(found["person_id"], told["links"]).tolist(),
        frame=_features(app, told, found),
        stake=_stakes(app, told, found),
        action=action,
        reached=_played(world, found, action, alone),
        true=_truth(world, found, alone),
    )


def _first(left: pd.DataFrame, world: World, links: pa.Table) -> pd.DataFrame:
    """Return the first form that each visitor left in the live weeks."""
    at = left["at"].dt.tz_localize("UTC")
    live = left[(at > world.starts_at) & (at <= world.live_until)]
    live = live.assign(owner=owners(live["person_id"], links), qualified_at=live["at"])
    live = live.sort_values(["at", "person_id"]).drop_duplicates("owner").reset_index(drop=True)
    return live.assign(decision_id=[f"dec_{number:032x}" for number in range(len(live))])


def _features(app: App, told: dict[str, pa.Table], found: pd.DataFrame) -> pa.Table:
    moments = found["qualified_at"].astype("datetime64[us]")
    subjects = pa.table(
        {
            "subject_id": found["subject_id"].tolist(),
            "person_id": found["person_id"].tolist(),
            "as_of": pa.array(moments, pa.timestamp("us")),
        }
    )
    models = models_of(app, Subject.SESSION)
    with DuckEngine(told, threads=2) as duck:
        frames = {
            name: build(duck, one.query, one.features, subjects, barred=one.barred, name=name)
            for name, one in models.items()
        }
    return merge(frames, {name: one.features for name, one in models.items()})


def _truth(world: World, found: pd.DataFrame, alone: NDArray[np.bool_]) -> Floats:
    """Return (n, k + 1) the expected share that reaches the goal under each action, none last.

    From `responses`: who is willing, whom each answer helps who would not have come, and whom of
    those who would an approach puts off. Whether they would have come is the bank's own draw.
    """
    bank, finder = world._bank, world._finder  # noqa: SLF001 - the truth is what is asked for
    rows = pa.Table.from_pandas(found[["person_id", "subject_id"]], preserve_index=False)
    at = micros_of(pa.chunked_array([pa.array(found["qualified_at"].astype("datetime64[us]"))]))
    person, need = finder.find(rows, at)
    known, folk = finder.alone(need), bank.people
    there = finder.present(person, at, world._taken.course)  # noqa: SLF001
    anyway, chance = known["comes_anyway"], known["chance"]
    irritable = folk.irritable[person]

    def helps(mode: int, channel: int) -> Floats:
        """Return whom this answer brings to the goal, who would not have come, or not in time."""
        modes, way = np.full(len(need), mode), np.full(len(need), channel)
        _, effective, _ = responses.times(
            bank.responses, bank.calendar, folk.zone[person], need, modes, way, at
        )
        lift = responses.MATTER_LIFT[mode] * np.where(irritable, 0.2, 1.0)
        able = np.minimum(lift / np.maximum(1 - chance, 1e-9), 1.0)
        hurried = responses.HURRIED * (mode in responses.SPOKEN)
        able = np.where(anyway, hurried, able)
        return np.asarray(able * (effective < known["lasts_until"]))

    chat, phone, messages = (
        getattr(folk, f"likes_{one}")[person] for one in ("chat", "phone", "messages")
    )
    slot, call = (np.minimum(share * phone / (chat + 0.2), 1) for share in (0.12, 0.3))
    on_page = responses.CHAT_OFFER
    talk = (
        slot * helps(responses.SLOT, on_page)
        + (call - slot) * helps(responses.CALL, on_page)
        + (1 - call) * helps(responses.CHAT, on_page)
    )
    willing = {
        "callback_slot": 0.55 + 0.35 * phone,
        "chat_offer": (0.45 + 0.45 * chat) * there,
        "sms_followup": 0.45 + 0.4 * messages,
    }
    helped = {
        "callback_slot": helps(responses.SLOT, responses.CALLBACK),
        "chat_offer": talk,
        "sms_followup": helps(responses.READ, responses.SMS),
    }
    met = {  # a call that nobody answers annoys nobody
        "callback_slot": np.minimum(willing["callback_slot"] + 0.08, 1),
        "chat_offer": there.astype(np.float64),
        "sms_followup": np.ones(len(need)),
    }
    adds = [
        np.where(
            alone,
            -met[one] * irritable * responses.PUT_OFF_FROM_PAGE * anyway,
            willing[one] * helped[one],
        )
        * (need >= 0)
        for one in ACTIONS
    ]
    return np.column_stack([*adds, np.zeros(len(need))]) + alone[:, None]


def _stakes(app: App, told: dict[str, pa.Table], found: pd.DataFrame) -> Floats:
    margins = app.settings.journeys
    names = _journeys(told, found)
    return np.array([float(margins[one].margin_minor) if one in margins else 0.0 for one in names])


def _journeys(told: dict[str, pa.Table], found: pd.DataFrame) -> list[str]:
    events = told["events"].select(["session_id", "page"]).to_pandas()
    first = events.dropna().drop_duplicates("session_id").set_index("session_id")["page"]
    pages = found["subject_id"].map(first).astype("object").fillna("")
    return pages.str.extract(r"^/([^/?#]+)")[0].fillna("").tolist()


def _alone(told: dict[str, pa.Table], found: pd.DataFrame) -> NDArray[np.bool_]:
    """Return who reaches the goal within the horizon in the bank that nobody was approached in."""
    events = told["events"].to_pandas()
    sent = events[events["name"] == "application_submitted"]
    sent = sent.assign(owner=owners(sent["person_id"], told["links"]))[["owner", "ts"]]
    asked = found.assign(
        owner=owners(found["person_id"], told["links"]), place=np.arange(len(found))
    )
    both = asked[["owner", "place", "qualified_at"]].merge(sent, on="owner")
    begun, done = both["qualified_at"], both["ts"]
    hits = both[(done > begun) & (done <= begun + HORIZON)]["place"].unique()
    return np.isin(np.arange(len(found)), hits)


def _played(
    world: World, found: pd.DataFrame, action: NDArray[np.int64], alone: NDArray[np.bool_]
) -> Floats:
    """Return who reaches the goal under the drawn actions, by each person's own draws."""
    asked = np.flatnonzero(action < len(ACTIONS))
    names = [ACTIONS[one] for one in action[asked]]
    some = found.iloc[asked]
    offers = some[["decision_id", "person_id", "trigger", "subject_id"]].assign(
        action=names, channel=[CHANNEL[one] for one in names], sent_at=some["qualified_at"]
    )
    table = pa.Table.from_pandas(offers, preserve_index=False).select(OFFERS.names).cast(OFFERS)
    log, _ = answers(world._bank, world._finder, world._taken.course, 0, table)  # noqa: SLF001
    reached = alone.copy()
    reached[asked] = (alone[asked] & (log.outcome != PUT_OFF)) | (log.outcome == HELPED)
    return reached.astype(np.float64)


def _cost(app: App) -> Floats:
    """Return what each action takes off the stake, at the settings' price of an agent's minute."""
    queues = app.settings.queues
    return np.array(
        [
            one.cost_minor
            + one.annoyance_minor
            + (one.agent_minutes * queues[one.queue].price_minor_per_min if one.queue else 0)
            for one in (app.actions[name] for name in ACTIONS)
        ]
    )


def regrets(app: App, log: Asked, fresh: Asked, seed: int) -> list[tuple[str, float, float]]:
    """Return name, worth per visitor, and regret in percent, of each policy on fresh visitors."""
    features = [f for model in models_of(app, Subject.SESSION).values() for f in model.features]
    features = list({one.name: one for one in features}.values())
    words = learn_categories(log.frame, features)
    encoder = Encoder(features, words)
    matrix, other = (encoder.encode(one.frame).matrix for one in (log, fresh))
    categories = tuple(i for i, one in enumerate(features) if one.type == "category")
    names = (*ACTIONS, "none")
    made = trial(
        ids=log.ids, persons=log.people, actions=ACTIONS,
        taken=[names[one] for one in log.action],
        chance=np.tile(EVEN, (len(log.ids), 1)),
        outcome=log.reached, matrix=matrix, categories=categories,
    )  # fmt: skip
    cost = _cost(app)
    money = Money(log.stake, np.tile(cost, (len(log.ids), 1)))
    policy = learn_policy(made, money, Fit(categories, seed, 2), app.settings.uplift.learners)
    found = counts(np.zeros(len(made), np.int64), made.action, made.chance, log.reached > 0, 1)
    lift = learn(found, np.zeros(len(ACTIONS)), app.settings.uplift.prior_decisions).lift[0]

    held = Money(fresh.stake, np.tile(cost, (len(fresh.ids), 1)))
    true = held.net(fresh.true)
    everything = np.ones_like(true, bool)
    promised = held.net(policy.learned(other))
    believed = held.net(np.tile(np.append(lift, 0.0), (len(true), 1)))
    guarded = policy.choice.guard.policy(promised, everything)
    deviates = guarded != policy.choice.guard.single(promised, everything)
    seen = held.net(_by_features(matrix, log.true, other, categories))
    ways = {
        "oracle": seen.argmax(axis=1),
        f"Engage ({policy.choice.learner})": np.where(deviates, guarded, believed.argmax(axis=1)),
        "as learned, unguarded": promised.argmax(axis=1),
        "beliefs alone": believed.argmax(axis=1),
        "the best for all": np.full(len(true), true.mean(axis=0).argmax()),
        "nobody": np.full(len(true), len(ACTIONS)),
    }
    worth = {name: float(true[np.arange(len(true)), way].mean()) for name, way in ways.items()}
    nobody = worth["nobody"]
    gain = worth["oracle"] - nobody
    return [(name, one, 100 * (1 - (one - nobody) / gain)) for name, one in worth.items()]


def _by_features(
    matrix: Floats, true: Floats, other: Floats, categories: tuple[int, ...]
) -> Floats:
    """Return the expected outcomes of other visitors, as far as features tell them."""
    how = {"objective": "regression", "num_leaves": 31, "learning_rate": 0.05, "verbosity": -1,
           "min_data_in_leaf": 50, "num_threads": 2}  # fmt: skip
    told = []
    for column in range(true.shape[1]):
        adds = true[:, column] - true[:, -1]
        data = lgb.Dataset(matrix, adds, categorical_feature=list(categories))
        told.append(np.asarray(lgb.train(how, data, 300).predict(other)))
    return np.column_stack(told)


def main() -> int:
    """Print what each policy is worth and how much of an oracle's gain it loses."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--decisions", type=int, default=50_000)
    parser.add_argument("--fresh", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        begin_project(Path(folder))
        project = open_project(Path(folder))
        log, fresh = (
            visitors(project.app, round(n / PER_PERSON), seed, n)
            for n, seed in ((asked.decisions, asked.seed), (asked.fresh, asked.seed + 100))
        )
        rows = regrets(project.app, log, fresh, asked.seed)
        project.app.store.close()
    print(f"{ABANDONED}: {len(log.ids):,} decisions to learn from, judged on {len(fresh.ids):,}")
    print(f"{len(log.ids):,} drawn outcomes: {log.reached.mean():.4f}, expected "
          f"{log.true[np.arange(len(log.ids)), log.action].mean():.4f}")  # fmt: skip
    print(f"{'policy':<26}{'worth':>10}{'regret':>10}   target")
    for name, worth, lost in rows:
        target = "<= 10 %" if name.startswith("Engage") else ""
        print(f"{name:<26}{worth:>10.0f}{lost:>8.1f} %   {target}")
    print(f"{time.monotonic() - began:.0f} s; idle for {IDLE.seconds // 60} minutes counts as left")
    return 0


if __name__ == "__main__":
    sys.exit(main())
