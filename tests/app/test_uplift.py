"""What matured decisions tell of each action is learned at night and decides the next day."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engage.store import beliefs
from tests.bank import Bank, MakeBank

TRIGGER = "application_abandoned"
SHARE = 0.5
"""Held out by the trigger; the shipped settings'."""


@pytest.fixture
def matured(bank: Bank) -> Bank:
    """Return a bank 15 days after 60 people left a form: all who were texted apply, few others."""
    bank.abandon_forms(60)
    bank.run("deliver_messages")
    bank.later(hours=3)
    rows = decided(bank)
    others = [row["person_id"] for row in rows if row["action"] == "none"][:5]
    for who in [row["person_id"] for row in rows if row["action"] == "sms_followup"] + others:
        bank.cast.event(who, "track", "application_submitted", "/card/form")
    bank.cast.tell()
    bank.run("record_outcomes")
    bank.later(days=15)
    bank.run("archive_history")
    return bank


def decided(bank: Bank) -> list[dict[str, Any]]:
    return bank.rows(
        f"select * from decisions where trigger = '{TRIGGER}' order by decided_at, person_id"
    )


def believed(bank: Bank) -> dict[str, Any]:
    with bank.app.store.read() as tx:
        found = beliefs.latest(tx, bank.app.now())
    assert found is not None
    body: dict[str, Any] = found[1]["triggers"][TRIGGER]
    return body


def chance(row: dict[str, Any], action: str) -> float:
    own = json.loads(row["propensities"]).get(action, 0.0) * (1 - SHARE)
    return float(own + (SHARE if action == "none" else 0))


def weighed(rows: list[dict[str, Any]], done: str, reached: set[str]) -> tuple[float, float]:
    """Return how many decisions these count as, and how many of them reached the goal."""
    weights = [1 / chance(row, done) for row in rows]
    hits = [w for w, row in zip(weights, rows, strict=True) if row["person_id"] in reached]
    effective = sum(weights) ** 2 / sum(w * w for w in weights)
    return effective, effective * sum(hits) / sum(weights)


def test_what_is_believed_follows_from_the_rows_of_the_log(matured: Bank) -> None:
    matured.run("learn_uplift")

    compared = [row for row in decided(matured) if row["arm_trigger"]]
    reached = {row["person_id"] for row in matured.rows("select person_id from outcomes")}
    may = [row for row in compared if chance(row, "sms_followup") > 0]
    told = believed(matured)
    assert told["decisions"] == len(compared)
    found = told["actions"]["sms_followup"]
    for names, done in (
        (("tried", "reached"), "sms_followup"),
        (("alone_tried", "alone_reached"), "none"),
    ):
        mine = [row for row in may if row["action"] == done]
        assert len(mine) > 5
        expected = weighed(mine, done, reached)
        assert [found[name] for name in names] == pytest.approx(expected, abs=1e-5)
    # 100 decisions believe in what is prior; the rest is the log's. Other triggers have said nothing.
    alone = found["alone_a"] / (found["alone_a"] + found["alone_b"])
    prior = matured.app.actions["sms_followup"].prior_lift
    a = (alone + prior) * 100 + found["reached"]
    assert found["lift"] == pytest.approx(a / (100 + found["tried"]) - alone, abs=1e-5)
    assert found["lift"] > prior
    assert found["low"] < found["lift"] < found["high"]


def test_the_next_decision_is_worth_what_was_learned_and_says_from_where(matured: Bank) -> None:
    before = {row["decision_id"] for row in decided(matured)}
    matured.run("learn_uplift")
    matured.left_form("somebody new")
    matured.cast.tell()
    matured.run("plan_capacity", "score_sessions")

    (row,) = [row for row in decided(matured) if row["decision_id"] not in before]
    learned = believed(matured)["actions"]["sms_followup"]["lift"]
    assert json.loads(row["values"])["sms_followup"]["uplift"] == pytest.approx(learned)
    (batch,) = matured.rows("select beliefs_id from beliefs")
    assert json.loads(row["artifacts"])["beliefs"] == batch["beliefs_id"]
    assert not [name for name in json.loads(row["features"]) if name.startswith("lift")]


def test_decisions_whose_horizon_has_not_passed_teach_nothing(bank: Bank) -> None:
    bank.abandon_forms(10)
    bank.later(days=13)
    report = bank.run("learn_uplift")
    assert report.note == "no decision has matured since the last time"
    assert bank.count("beliefs") == 0


def test_a_night_without_newly_matured_decisions_keeps_what_was_learned(matured: Bank) -> None:
    first = matured.run("learn_uplift")
    assert (first.seen, first.done) == (len([r for r in decided(matured) if r["arm_trigger"]]), 1)
    matured.later(days=1)
    assert matured.run("learn_uplift").note
    assert matured.count("beliefs") == 1


def test_groups_that_chance_cannot_explain_teach_nothing(matured: Bank) -> None:
    # All but three of the held out are lost: 25 to 3 by a fair coin.
    held = "select person_id from decisions where arm_trigger = 'held_out' order by person_id"
    for row in matured.rows(held)[3:]:
        matured.change("delete from decisions where person_id = :who", who=row["person_id"])
    report = matured.run("learn_uplift")
    assert [name for name in report.skipped if "more uneven than chance allows" in name]
    assert "actions" not in believed(matured)


def test_who_asked_for_a_contact_is_never_compared(make_bank: MakeBank) -> None:
    bank = make_bank({r"(?s)(application_abandoned\].*?class = )\"marketing\"": r'\1"requested"'})
    bank.abandon_forms(10)
    bank.later(days=15)
    bank.run("learn_uplift")
    with bank.app.store.read() as tx:
        found = beliefs.latest(tx, bank.app.now())
    assert found is not None
    assert TRIGGER not in found[1]["triggers"]
