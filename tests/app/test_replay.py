"""Past decisions come out the same again, and whatever was altered since is named by its step."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engage.app.replay.replaying import Replay, replay
from engage.app.uplift_policies import learn_policies
from engage.clock import MovingClock
from engage.errors import WrongUse
from engage.store import beliefs, people
from tests.app.test_uplift_policies import TWO, by_pages, log, trigger
from tests.bank import LAUNCH, SECRET, Bank, MakeBank

VISITORS = 24
ABANDONED, STRUGGLING = "application_abandoned", "visitor_struggling"


@pytest.fixture(scope="module")
def decided(learned_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Return a bank whose models scored visitors about whom it decided; what is altered is restored."""
    folder = shutil.copytree(learned_once, tmp_path_factory.mktemp("decided") / "bank")
    bank = Bank(Path(folder), {"ENGAGE_SECRET": SECRET}, MovingClock(LAUNCH))
    bank.later(hours=9)
    bank.abandon_forms(VISITORS)
    yield bank
    bank.app.store.close()


def failed(found: Replay) -> dict[str, int]:
    """Return in how many decisions each step came out otherwise, or could not be replayed."""
    return {name: len(stage.failed) for name, stage in found.stages.items() if stage.failed}


def first(bank: Bank, condition: str = "1 = 1", table: str = "decisions") -> dict[str, Any]:
    return bank.rows(f"select * from {table} where {condition} order by 1 limit 1")[0]


@contextmanager
def altered(
    bank: Bank, table: str, key: str, row: dict[str, Any], **columns: Any
) -> Iterator[None]:
    """Write something else into one row of a table, and put it right again."""
    before = {name: row[name] for name in columns}
    _write(bank, table, key, row[key], columns)
    try:
        yield
    finally:
        _write(bank, table, key, columns.get(key, row[key]), before)


def _write(bank: Bank, table: str, key: str, which: Any, columns: dict[str, Any]) -> None:
    told = ", ".join(f'"{name}" = :{name}' for name in columns)
    statement = f"update {table} set {told} where {key} = :which"
    assert bank.change(statement, which=which, **columns) == 1


def parts(row: dict[str, Any], part: str, new: Any) -> str:
    """Return the logged values with a part of the first action that was allowed changed."""
    told = json.loads(row["values"])
    name = next(one for one in sorted(told) if not told[one]["refused"])
    told[name][part] = new
    return json.dumps(told)


def test_decisions_come_out_the_same_again(bank: Bank) -> None:
    bank.abandon_forms(VISITORS)
    found = replay(bank.app, 1000)
    assert (found.decisions, found.of, found.identical) == (VISITORS, VISITORS, VISITORS)
    assert all(stage.told["same"] == VISITORS for n, stage in found.stages.items() if n != "scores")
    # No model is trained here, so that no score is behind these.
    assert found.stages["scores"].told["nothing_to_replay"] == {"no model scored it": VISITORS}


def test_scores_come_out_the_same_from_the_artifacts_files(decided: Bank) -> None:
    found = replay(decided.app, 1000)
    assert found.identical == VISITORS
    assert found.stages["scores"].told["same"] == VISITORS


def names_exactly(bank: Bank, step: str, row: dict[str, Any], **columns: Any) -> None:
    """Alter a decision and see that this step of it is named, and no other of any."""
    with altered(bank, "decisions", "decision_id", row, **columns):
        found = replay(bank.app, 1000)
    assert failed(found) == {step: 1}
    (named,) = {one["decision_id"] for one in found.stages[step].told["different"]}
    assert named == columns.get("decision_id", row["decision_id"])


@pytest.mark.parametrize(
    ("part", "value", "step"),
    [
        ("stake", 1.5, "values"),
        ("cost", 1.5, "values"),
        ("price", 1.5, "values"),
        ("annoyance", 1.5, "values"),
        ("total", 1.5, "values"),
        ("uplift", 0.5, "uplift"),
        ("refused", ["below_price"], "allowed"),
    ],
)
def test_a_part_of_a_value_that_was_another_is_named(
    decided: Bank, part: str, value: Any, step: str
) -> None:
    row = first(decided)
    names_exactly(decided, step, row, values=parts(row, part, value))


@pytest.mark.parametrize(
    ("column", "value", "step"),
    [
        ("stake_minor", 1, "values"),
        ("allowed", "[]", "allowed"),
        ("propensities", '{"none":1.0}', "chances"),
        ("arm", "held_out", "arms"),
        ("arm_global", "held_out", "arms"),
        ("arm_trigger", "held_out", "arms"),
        ("draw", 0.5, "draw"),
        ("action", "chat_offer", "action"),
        ("propensity", 0.25, "action"),
        ("reasons", '["held_out_global"]', "action"),
        ("decision_id", "dec_0", "id"),
    ],
)
def test_a_column_that_was_another_is_named(
    decided: Bank, column: str, value: Any, step: str
) -> None:
    names_exactly(decided, step, first(decided, "arm_trigger = 'treated'"), **{column: value})


def test_the_last_bit_of_a_draw_counts(decided: Bank) -> None:
    row = first(decided, "draw < 0.5")
    names_exactly(decided, "draw", row, draw=row["draw"] + 2**-53)


def test_a_feature_that_was_another_gives_another_score(decided: Bank) -> None:
    row = first(decided)
    told = json.loads(row["features"])
    known = {**told, "pages": told["pages"] + 40, "form_errors": told["form_errors"] + 40}
    with altered(decided, "decisions", "decision_id", row, features=json.dumps(known)):
        assert failed(replay(decided.app, 1000)) == {"scores": 1}
    del known["session_struggle"]
    with altered(decided, "decisions", "decision_id", row, features=json.dumps(known)):
        assert set(failed(replay(decided.app, 1000))) == {"scores", "condition"}


def test_a_score_that_was_another_is_named(decided: Bank) -> None:
    row = first(decided)
    told = json.loads(row["features"])
    told["session_struggle"] += 2**-50
    with altered(decided, "decisions", "decision_id", row, features=json.dumps(told)):
        found = replay(decided.app, 1000)
        (one,) = found.stages["scores"].told["different"]
        assert (failed(found), one["what"]) == ({"scores": 1}, "session_struggle")


@pytest.mark.parametrize(
    ("end", "words"),
    [(b"9\n", "are not the ones that were written"), (None, "cannot be read")],
    ids=["altered", "gone"],
)
def test_an_artifact_that_is_altered_or_gone_is_said(
    decided: Bank, end: bytes | None, words: str
) -> None:
    record = first(decided, "state = 'champion' and model = 'session_struggle'", "artifacts")
    file = decided.folder / record["folder"] / "session_struggle.txt"
    before = file.read_bytes()
    file.unlink()
    if end is not None:
        file.write_bytes(before + end)
    try:
        found = replay(decided.app, 1000)
    finally:
        file.write_bytes(before)
    assert failed(found) == {"scores": VISITORS}
    (why,) = found.stages["scores"].told["not_replayed"]
    assert words in why


@pytest.mark.parametrize("scope", ["global", STRUGGLING])
def test_an_arm_that_is_not_what_the_hash_says_is_named(decided: Bank, scope: str) -> None:
    row = first(decided, f"arm = 'treated' and scope = '{scope}'", "assignments")
    turned = "update assignments set arm = :arm where person_id = :who and scope = :scope"
    whose = {"who": row["person_id"], "scope": scope}
    decided.change(turned, arm="held_out", **whose)
    found = replay(decided.app, 1000)
    decided.change(turned, arm="treated", **whose)
    assert failed(found) == {"arms": 1}


def test_a_ghost_that_is_another_is_named(decided: Bank) -> None:
    row = first(decided, table="ghost_ledger")
    with altered(decided, "ghost_ledger", "decision_id", row, action="chat_offer"):
        assert failed(replay(decided.app, 1000)) == {"ghost": 1}


def test_a_condition_that_was_another_is_named(decided: Bank) -> None:
    row = first(decided, f"name = '{STRUGGLING}'", "triggers")
    body = json.dumps(json.loads(row["body"]) | {"when": "form_submitted"})
    with altered(decided, "triggers", "name", row, body=body):
        assert failed(replay(decided.app, 1000)) == {"condition": VISITORS}


RULED = {"uplift", "values", "allowed", "chances", "arms", "action", "ghost"}


@pytest.mark.parametrize(
    ("table", "key", "column", "value", "why"),
    [
        (
            "policies",
            "policy_version",
            "policy_version",
            "gone",
            "the policy of then is not stored",
        ),
        ("policies", "policy_version", "body", "{}", "the policy of then was altered"),
        ("plans", "plan_version", "plan_version", "gone", "the plan of then is not stored"),
        ("triggers", "name", "name", "gone", "its trigger's version is not stored"),
    ],
)
def test_what_ruled_then_and_is_lost_is_said(
    decided: Bank, table: str, key: str, column: str, value: str, why: str
) -> None:
    mine = {
        "triggers": f"name = '{STRUGGLING}'",
        "plans": "plan_version in (select plan_version from decisions)",
    }.get(table, "1 = 1")
    with altered(decided, table, key, first(decided, mine, table), **{column: value}):
        found = replay(decided.app, 1000)
    more = {"scores", "condition", "id"} if table == "triggers" else set()
    assert failed(found) == dict.fromkeys(RULED | more, VISITORS)
    said = [told for stage in found.stages.values() for told in stage.told["not_replayed"]]
    assert all(why in one for one in said), said


def test_settings_that_changed_since_change_nothing(make_bank: MakeBank) -> None:
    bank = make_bank()
    bank.abandon_forms(VISITORS)
    file = bank.folder / "settings.toml"
    text = file.read_text()
    for old, new in {
        r"cost_minor = \d+": "cost_minor = 77",
        r"annoyance_minor = \d+": "annoyance_minor = 11",
        r"prior_lift = [\d.]+": "prior_lift = 0.5",
        r"margin_minor = \d+": "margin_minor = 12300",
        r"exploration_floor = 0.05": "exploration_floor = 0.2",
        r"minimum_minor = 0": "minimum_minor = 100",
        r"holdout_global = 0.1": "holdout_global = 0.5",
        r'epoch = "1"': 'epoch = "2"',
        r"price_minor_per_min = \d+": "price_minor_per_min = 99",
    }.items():
        text, n = re.subn(old, new, text)
        assert n, old
    file.write_text(text)
    bank.app.store.close()
    later = Bank(bank.folder, bank.environ, bank.clock)
    later.later(minutes=30)
    try:
        assert replay(later.app, 1000).identical == VISITORS
        for number in range(VISITORS):
            later.left_form(f"somebody else {number}")
        later.cast.tell()
        later.run("plan_capacity", "score_sessions")
        found = replay(later.app, 1000)
        assert later.count("policies") == 2
        assert (found.decisions, found.identical) == (2 * VISITORS, 2 * VISITORS)
    finally:
        later.app.store.close()


def test_decisions_of_before_the_policy_was_stored_say_so(bank: Bank) -> None:
    bank.abandon_forms(3)
    bank.change("delete from policies")
    bank.change("update decisions set moment = null, must_serve = null")
    found = replay(bank.app, 1000)
    assert failed(found) == dict.fromkeys(RULED, 3)


def test_identities_that_were_joined_since_keep_the_arm_they_had(bank: Bank) -> None:
    left = bank.abandon_forms(VISITORS)
    arms = {row["person_id"]: row["arm_global"] for row in bank.rows("select * from decisions")}
    treated = next(who for who, _ in left if arms[who] == "treated")
    held = next(who for who, _ in left if arms[who] == "held_out")
    bank.later(minutes=5)
    link = {"person_id": held, "canonical_id": treated, "known_at": bank.app.now()}
    with bank.app.store.write() as tx:
        people.add_links(tx, pa.Table.from_pylist([link]), bank.app.now())
    found = replay(bank.app, 1000)
    assert found.identical == VISITORS
    # The held out got the arm of the treated or the other way: whoever was assigned first.
    assert sum(found.stages["arms"].told["nothing_to_replay"].values()) == 1
    turned = (
        "update assignments set arm = case arm when 'treated' then 'held_out' else 'treated' end"
    )
    alone = next(who for who, _ in left if who not in {treated, held})
    bank.change(f"{turned} where person_id = :who and scope = 'global'", who=alone)
    assert failed(replay(bank.app, 1000)) == {"arms": 1}


def test_what_was_believed_of_an_action_counts_again(bank: Bank) -> None:
    told = {"actions": {"sms_followup": {"lift": 0.1 + 2**-40}, "callback_slot": {"lift": 0.2}}}
    with bank.app.store.write() as tx:
        batch = beliefs.add(tx, {"triggers": {ABANDONED: told}}, bank.app.now())
    bank.abandon_forms(VISITORS)
    assert json.loads(first(bank)["values"])["sms_followup"]["uplift"] == 0.1 + 2**-40
    assert replay(bank.app, 1000).identical == VISITORS
    bank.change("delete from beliefs where beliefs_id = :id", id=batch)
    found = replay(bank.app, 1000)
    assert failed(found) == {"uplift": VISITORS}
    assert list(found.stages["uplift"].told["not_replayed"]) == [
        "the beliefs of then are not kept any more"
    ]


def test_what_a_policy_learned_of_each_counts_again(make_bank: MakeBank) -> None:
    bank = make_bank(TWO)
    learn_policies(bank.app, {trigger(bank): log(bank, by_pages)}, by="test")
    for number in range(VISITORS):
        who, _ = bank.left_form(f"visitor {number}")
        for page in range(number % 12):
            bank.cast.event(who, "page", page=f"/card/{page}", ago=timedelta(minutes=13))
    bank.cast.tell()
    bank.run("plan_capacity", "score_sessions")
    uplift = {
        json.loads(row["values"])["callback_slot"]["uplift"]
        for row in bank.rows('select "values" from decisions')
    }
    assert len(uplift) > 2  # the prior for some, the policy's own promise for others
    assert replay(bank.app, 1000).identical == VISITORS
    bank.change("delete from artifacts where model = 'action_uplift'")
    assert failed(replay(bank.app, 1000)) == {"uplift": VISITORS}


def test_a_reminder_of_an_appointment_needs_the_moment_it_was_for(bank: Bank) -> None:
    who = bank.cast.person("reminded")
    bank.cast.appointment(who, ahead=timedelta(hours=20))
    bank.cast.tell()
    bank.run("plan_capacity", "remind_appointments")
    assert replay(bank.app, 1000).identical == 1
    bank.change("update decisions set moment = null")
    assert failed(replay(bank.app, 1000)) == {"id": 1}


def test_a_sample_is_the_same_each_time_and_of_one_trigger_where_asked(decided: Bank) -> None:
    def chosen(**how: Any) -> list[str]:
        return replay(decided.app, 5, **how).stages["draw"].ids

    assert chosen() == chosen() != chosen(seed=1)
    assert len(chosen()) == 5
    assert replay(decided.app, 5, trigger=STRUGGLING).of == VISITORS
    assert replay(decided.app, 5, trigger="call_abandoned").decisions == 0
    with pytest.raises(WrongUse, match="there is no trigger 'nobody'"):
        replay(decided.app, 5, trigger="nobody")


def test_a_thousand_decisions_of_all_kinds_are_identical(learned: Bank) -> None:
    draw = np.random.default_rng(1)
    learned.later(hours=9)
    for wave in range(3):
        for number in range(550):
            _somebody(learned, draw, f"visitor {wave} {number}")
        learned.cast.tell()
        learned.run("plan_capacity", "score_sessions")
        learned.later(hours=2)
        _learned(learned, wave)
    found = replay(learned.app, 1000)
    of = learned.rows("select trigger, action, arm, count(*) as n from decisions group by 1, 2, 3")
    assert {row["trigger"] for row in of} >= {ABANDONED, STRUGGLING}
    assert len({row["action"] for row in of}) >= 4
    assert (found.decisions, found.identical) == (1000, 1000)


def _somebody(bank: Bank, draw: np.random.Generator, name: str) -> None:
    """Write down a visitor who looked around, stumbled, or left a form and the page."""
    agreed = [("call", "sms"), ("call",), ("sms",)][draw.integers(3)]
    who = bank.cast.person(name, agreed=agreed)
    silent = int(draw.choice([0, 12]))
    for page in range(draw.integers(1, 8)):
        bank.cast.event(who, "page", page=f"/card/{page}", ago=timedelta(minutes=silent + 3))
    bank.cast.event(who, "form", "form_started", "/card/form", ago=timedelta(minutes=silent + 2))
    for _ in range(draw.integers(4)):
        bank.cast.event(who, "form", "field_error", "/card/form", ago=timedelta(minutes=silent + 1))
    bank.cast.event(who, "page", page="/card/form", ago=timedelta(minutes=silent))


def _learned(bank: Bank, wave: int) -> None:
    lifts = {"sms_followup": {"lift": 0.02 + wave / 70}, "chat_offer": {"lift": 0.06 + wave / 30}}
    told = {ABANDONED: {"actions": lifts}, STRUGGLING: {"actions": lifts}}
    with bank.app.store.write() as tx:
        beliefs.add(tx, {"triggers": told}, bank.app.now())
