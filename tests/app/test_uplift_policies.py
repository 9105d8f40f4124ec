"""Who gains by which action is learned from a trigger's own log, proved, and then decides."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engage.app.decision_log import Logged
from engage.app.lifts import lifts
from engage.app.lineage import promote
from engage.app.uplift_policies import learn_policies
from engage.domain.triggers import Trigger
from engage.scoring.uplift.packed import MODEL
from engage.store import artifacts, triggers
from tests.bank import Bank, MakeBank

TRIGGER = "application_abandoned"
ACTIONS = ("callback_slot", "sms_followup", "none")
CHANCE = (0.3, 0.3, 0.4)
DECISIONS = 8_000
STAKE = 30_000
COST = {"callback_slot": 100.0, "sms_followup": 40.0}


def trigger(bank: Bank) -> Trigger:
    with bank.app.store.read() as tx:
        return next(one for one in triggers.current(tx) if one.name == TRIGGER)


def log(bank: Bank, adds: Any, *, decisions: int = DECISIONS) -> Logged:
    """Return decisions about visits of 1 to 10 pages; `adds(pages)` (n, 3) is added to .2."""
    draw = np.random.default_rng(7)
    pages = draw.integers(1, 11, decisions)
    place = (draw.random(decisions)[:, None] > np.cumsum(CHANCE)[:-1]).sum(axis=1)
    true = 0.2 + adds(pages)
    reached = draw.random(decisions) < true[np.arange(decisions), place]
    every = (*sorted(bank.app.actions), "none")
    columns = [every.index(one) for one in ACTIONS]
    chance = np.zeros((decisions, len(every)))
    chance[:, columns] = CHANCE
    values = {name: {"cost": cost, "price": 0.0, "annoyance": 0.0} for name, cost in COST.items()}
    rows = pa.table(
        {
            "decision_id": [f"dec_{n:06}" for n in range(decisions)],
            "person_id": [f"per_{n:06}" for n in range(decisions)],
            "reached": reached,
            "action": np.array(ACTIONS)[place],
            "features": [json.dumps({"pages": int(n), "form_started": True}) for n in pages],
            "values": [json.dumps(values)] * decisions,
            "stake_minor": STAKE + np.arange(decisions) % 3 - 1,
            "decided_at": [
                datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n) for n in range(decisions)
            ],
        }
    )
    return Logged(rows, np.asarray(columns, np.int64)[place], chance)


def by_pages(pages: Any) -> Any:
    """A call adds .35 to long visits and nothing to short ones; a text .1 to all."""
    call = np.where(pages > 5, 0.35, 0.0)
    return np.column_stack([call, np.full(len(pages), 0.1), np.zeros(len(pages))])


def alike(pages: Any) -> Any:
    """A text adds .1 to all and a call nothing to anybody."""
    return np.tile([0.0, 0.1, 0.0], (len(pages), 1))


def frame(pages: list[int]) -> pa.Table:
    return pa.table({"pages": pages, "form_started": [True] * len(pages)})


TWO = {r'learners = \["S", "T", "X", "DR"\]': 'learners = ["S", "DR"]'}


@pytest.fixture
def learned_policy(make_bank: MakeBank) -> Bank:
    bank = make_bank(TWO)
    learn_policies(bank.app, {trigger(bank): log(bank, by_pages)}, by="test")
    return bank


def test_a_policy_knows_who_gains_by_what(learned_policy: Bank) -> None:
    policy = lifts(learned_policy.app).policies[TRIGGER]
    columns = {one.name for one in policy.asked.features}
    wide = frame([2, 9])
    for name in columns - {"pages", "form_started"}:
        kind = next(one.type for one in policy.asked.features if one.name == name)
        wide = wide.append_column(
            name, pa.nulls(2, pa.string() if kind == "category" else pa.float64())
        )
    expected = dict(zip(policy.actions, policy.expected(_typed(wide, policy)).T, strict=True))
    # What was built in; small trees shrink a little towards what is common to all.
    assert expected["callback_slot"] == pytest.approx([0.0, 0.35], abs=0.08)
    assert expected["sms_followup"] == pytest.approx([0.1, 0.1], abs=0.08)


def _typed(table: pa.Table, policy: Any) -> pa.Table:
    flags = {one.name for one in policy.asked.features if one.type == "flag"}
    for place, name in enumerate(table.column_names):
        if name in flags:
            table = table.set_column(place, name, table[name].cast(pa.bool_()))
    return table


def test_the_policy_decides_where_it_promises_more_and_belief_elsewhere(
    learned_policy: Bank,
) -> None:
    bank = learned_policy
    for name, seen in (("long visit", 9), ("short visit", 0)):
        who, _ = bank.left_form(name)
        for page in range(seen):
            bank.cast.event(who, "page", page=f"/card/{page}", ago=timedelta(minutes=13))
    bank.cast.tell()
    bank.run("plan_capacity", "score_sessions")

    rows = bank.rows('select features, "values", artifacts from decisions')
    calls = {
        json.loads(row["features"])["pages"]: json.loads(row["values"])["callback_slot"]["uplift"]
        for row in rows
    }
    # A call is the best single action, which the policy leaves for short visits only.
    assert calls[1] == pytest.approx(0.0, abs=0.08)
    assert calls[10] == bank.app.actions["callback_slot"].prior_lift
    with bank.app.store.read() as tx:
        champion = artifacts.champion(tx, MODEL)
    assert champion is not None
    assert {json.loads(row["artifacts"])[MODEL] for row in rows} == {champion.artifact_id}


def test_without_a_difference_between_people_nothing_is_left_to_a_policy(bank: Bank) -> None:
    said = learn_policies(bank.app, {trigger(bank): log(bank, alike)}, by="test")
    assert said == {
        TRIGGER: "no proof yet that anybody gains more by another action than sms_followup"
    }
    assert lifts(bank.app).policies == {}


def test_its_worth_is_that_of_people_it_never_saw(learned_policy: Bank) -> None:
    with learned_policy.app.store.read() as tx:
        champion = artifacts.champion(tx, MODEL)
    assert champion is not None
    told = champion.body["policies"][TRIGGER]
    # Short visits are texted: (.2 + .1) x 30,000 - 40. Long ones are called: .55 x 30,000 - 100.
    short, long = 0.3 * STAKE - 40, 0.55 * STAKE - 100
    assert told["value"]["low"] < (short + long) / 2 < told["value"]["high"]
    # Calling everybody earns as much for the long and .2 x 30,000 - 100 for the short.
    assert told["single"] == "callback_slot"
    assert told["gain"]["low"] < (short - (0.2 * STAKE - 100)) / 2 < told["gain"]["high"]
    assert told["gain"]["low"] > 0
    assert told["deviates"] == pytest.approx(0.5, abs=0.1)
    assert told["qini"]["callback_slot"]["low"] > 0


def test_an_altered_policy_is_refused_and_belief_decides(learned_policy: Bank) -> None:
    folder = next((learned_policy.folder / "var" / "artifacts").glob(f"{MODEL}-*"))
    file = folder / f"{MODEL}.txt"
    text = bytearray(file.read_bytes())
    text[len(text) // 2] ^= 1
    copied = Path(file)
    copied.chmod(0o644)
    copied.write_bytes(text)
    assert lifts(learned_policy.app).policies == {}


def test_a_policy_waits_where_a_person_promotes(make_bank: MakeBank) -> None:
    bank = make_bank({r'promote = "auto"': 'promote = "ask"'})
    learn_policies(bank.app, {trigger(bank): log(bank, by_pages)}, by="test")
    assert lifts(bank.app).policies == {}
    with bank.app.store.read() as tx:
        waiting = artifacts.newest_challenger(tx, MODEL)
    assert waiting is not None
    promote(bank.app, waiting.artifact_id, by="somebody")
    assert list(lifts(bank.app).policies) == [TRIGGER]


def test_a_policy_that_proves_nothing_any_more_goes(learned_policy: Bank) -> None:
    learn_policies(
        learned_policy.app, {trigger(learned_policy): log(learned_policy, alike)}, by="test"
    )
    assert lifts(learned_policy.app).policies == {}


def test_too_few_decisions_of_an_action_are_said_and_not_learned_from(bank: Bank) -> None:
    few = log(bank, by_pages, decisions=100)
    said = learn_policies(bank.app, {trigger(bank): few}, by="test")
    assert "in 50 matured decisions" in said[TRIGGER]
    with bank.app.store.read() as tx:
        assert artifacts.champion(tx, MODEL) is None


def test_the_order_of_the_log_changes_nothing(learned_policy: Bank) -> None:
    told = log(learned_policy, by_pages)
    back = np.arange(DECISIONS)[::-1]
    stakes = told.rows["stake_minor"].to_pylist()
    assert stakes[0] != stakes[1]
    turned = replace(
        told,
        rows=told.rows.take(pa.array(back)),
        action=told.action[back],
        chance=told.chance[back],
    )
    learn_policies(learned_policy.app, {trigger(learned_policy): turned}, by="test")
    assert learned_policy.count("artifacts") == 1
