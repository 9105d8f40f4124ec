"""What a plan asks for an agent's minute is what it would bring to others."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from engage.app import wanting
from engage.app.replay.replaying import replay
from engage.app.rules import day_budgets
from engage.store import ledger, weighed
from tests.bank import Bank, MakeBank

WEEK = timedelta(days=7)


def weigh(bank: Bank, n: int, options: dict[str, float], *, at: datetime | None = None) -> None:
    """Store what was weighed over the last week, so many of it at this time of the day."""
    moment = (at or bank.app.now()).replace(tzinfo=None)
    before = bank.count("weighed")
    rows = pa.table(
        {
            "weighed_id": [f"wei_{before + i:032x}" for i in range(n)],
            "trigger": ["visitor_struggling"] * n,
            "at": pa.array(
                [moment - (1 + i % 7) * timedelta(days=1) for i in range(n)], pa.timestamp("us")
            ),
            "weight": [1.0] * n,
            "options": [json.dumps(options)] * n,
        }
    )
    with bank.app.store.write() as tx:
        assert weighed.add(tx, rows) == n


def plan(bank: Bank) -> dict[str, Any]:
    bank.later(seconds=1)
    bank.run("plan_capacity")
    body = bank.rows("select body from plans order by created_at desc")[0]["body"]
    return dict(json.loads(body))


def test_little_known_leaves_the_price_of_the_settings(bank: Bank) -> None:
    weigh(bank, wanting.FEWEST - 1, {"call_now": 900.0})
    assert "prices" not in plan(bank)


def test_where_more_is_wanted_than_is_free_a_minute_costs(bank: Bank) -> None:
    # 1,400 in a week are 200 a day at this half hour; 12 agents x 30 x (1 - .7) = 108 minutes are free.
    minutes = bank.app.actions["call_now"].agent_minutes
    weigh(bank, 700, {"call_now": 900.0})
    weigh(bank, 700, {"call_now": 400.0})
    queue = bank.app.actions["call_now"].queue
    asked = plan(bank)["prices"][queue]
    # All of the minutes go to the 100 who gain 900 and do not all get one: 900 / minutes of a call.
    assert asked["now"][0] == pytest.approx(900 / minutes, rel=1e-3)
    assert asked["now"][10] == 0  # five hours on, nobody comes up


def test_where_everybody_finds_an_agent_a_minute_costs_nothing(bank: Bank) -> None:
    weigh(bank, 280, {"call_now": 900.0}, at=bank.app.now() - timedelta(hours=20))
    assert plan(bank)["prices"]["service"]["now"][0] == 0


def test_decisions_ask_the_price_of_the_plan(make_bank: MakeBank) -> None:
    bank = make_bank({r"agents = 12": "agents = 1"})
    weigh(bank, 1_400, {"callback_slot": 90_000.0})
    asked = plan(bank)["prices"]["service"]
    assert asked["later"][0] > 100
    bank.left_form("visitor")
    bank.cast.tell()
    bank.run("score_sessions")
    values = json.loads(bank.rows("select * from decisions")[0]["values"])
    slot = values["callback_slot"]
    assert slot["refused"] == ["below_price"]
    minutes = bank.app.actions["callback_slot"].agent_minutes
    assert slot["price"] == pytest.approx(minutes * asked["later"][0], abs=0.01)


def test_what_is_weighed_is_written_down_once_a_day(bank: Bank) -> None:
    who, _ = bank.left_form("visitor")
    bank.cast.tell()
    bank.run("plan_capacity", "score_sessions")
    told = bank.rows("select * from weighed")
    assert [row["trigger"] for row in told] == ["application_abandoned"]
    values = json.loads(bank.rows("select * from decisions")[0]["values"])
    options = json.loads(told[0]["options"])
    for name, net in options.items():
        parts = values[name]
        whole = parts["uplift"] * parts["stake"] - parts["cost"] - parts["annoyance"]
        assert net == pytest.approx(whole, abs=0.01)
    assert options
    assert who not in json.dumps(told, default=str)


def test_it_is_forgotten_after_two_weeks(bank: Bank) -> None:
    weigh(bank, 10, {"call_now": 900.0}, at=bank.app.now() - 2 * WEEK)
    weigh(bank, 5, {"call_now": 900.0})
    bank.run("purge_expired")
    assert bank.count("weighed") == 5


def test_of_very_many_a_share_stands_for_all(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    from engage.domain.ids import Prefix, derive

    ids = [derive(Prefix.WEIGHED, str(i)) for i in range(4_000)]
    moment = (bank.app.now() - timedelta(days=1)).replace(tzinfo=None)
    rows = pa.table(
        {
            "weighed_id": ids,
            "trigger": ["visitor_struggling"] * len(ids),
            "at": pa.array([moment] * len(ids), pa.timestamp("us")),
            "weight": [1.0] * len(ids),
            "options": ['{"call_now": 900.0}'] * len(ids),
        }
    )
    with bank.app.store.write() as tx:
        weighed.add(tx, rows)
        some = weighed.read(tx, bank.app.now() - WEEK, bank.app.now(), 0.25)
    # A quarter of 4,000 hashes is 1,000, with a standard deviation of 27.
    assert 900 < some.num_rows < 1_100
    monkeypatch.setattr(wanting, "MOST", 1_000)
    minutes = bank.app.actions["call_now"].agent_minutes
    assert plan(bank)["prices"]["service"]["now"][0] == pytest.approx(900 / minutes, rel=1e-3)


def test_a_day_s_messages_have_a_price_and_an_end(make_bank: MakeBank) -> None:
    bank = make_bank({r"budget_day = 0": "budget_day = 100"})
    # 1,400 in a week are 200 a day, of whom 100 gain 500 by a message and 100 gain 300; a day has 100.
    weigh(bank, 700, {"sms_followup": 500.0}, at=bank.app.now() + timedelta(hours=1))
    weigh(bank, 700, {"sms_followup": 300.0}, at=bank.app.now() + timedelta(hours=1))
    asked = plan(bank)["messages"]["sms"]
    assert 300 <= asked[0] <= 500
    assert len(set(asked[:20])) == 1  # it is 11:00 in Berlin, and all of today costs the same
    # Ninety-nine are gone today: one is left, and costs what it brings to the best.
    with bank.app.store.write() as tx:
        now = bank.app.now().replace(tzinfo=None)
        had = [
            {
                "decision_id": f"dec_{n}", "person_id": f"per_{n}", "subject_id": "ses",
                "channel": "sms", "class": "marketing", "at": now,
            }
            for n in range(99)
        ]  # fmt: skip
        rows = pa.Table.from_pylist(had)
        rows = rows.set_column(5, "at", rows["at"].cast(pa.timestamp("us")))
        assert ledger.reserve(tx, rows, [], day_budgets(bank.app.settings)).all()
    assert plan(bank)["messages"]["sms"][0] == pytest.approx(500)


def test_without_a_budget_messages_cost_nothing(bank: Bank) -> None:
    weigh(bank, 1_400, {"sms_followup": 500.0})
    assert "messages" not in plan(bank)


def test_when_the_last_message_is_gone_the_others_are_refused_and_all_is_made_again(
    make_bank: MakeBank,
) -> None:
    bank = make_bank(
        {
            r"budget_day = 0": "budget_day = 2",
            r'(?m)^actions = .*sms_followup"\]': 'actions = ["sms_followup"]',
            "holdout_global = 0.1": "holdout_global = 0.0",
            r"(?m)^holdout = 0.5": "holdout = 0.0",
            r"(?m)^exploration = 0.1": "exploration = 0.0",
        }
    )
    bank.abandon_forms(2)
    assert bank.count("contact_ledger") == 2
    bank.later(seconds=30)
    for number in range(3):
        bank.left_form(f"late {number}")
    bank.cast.tell()
    bank.run("score_sessions")
    assert bank.count("contact_ledger") == 2
    assert [row["reasons"] for row in bank.rows("select reasons from refusals")] == [
        '["no_budget"]'
    ] * 3
    found = replay(bank.app, 10)
    assert (found.decisions, found.identical) == (2, 2)


def test_decisions_pay_for_a_message_and_are_made_again_at_its_price(make_bank: MakeBank) -> None:
    bank = make_bank({r"budget_day = 0": "budget_day = 50"})
    weigh(bank, 1_400, {"sms_followup": 55.0}, at=bank.app.now() + timedelta(hours=1))
    asked = plan(bank)["messages"]["sms"][0]
    assert asked == pytest.approx(55)
    bank.left_form("visitor")
    bank.cast.tell()
    bank.run("score_sessions")
    values = json.loads(bank.rows("select * from decisions")[0]["values"])
    assert values["sms_followup"]["price"] == pytest.approx(asked)
    found = replay(bank.app, 10)
    assert (found.decisions, found.identical) == (1, 1)
