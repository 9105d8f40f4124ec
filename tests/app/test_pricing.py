"""What a plan asks for an agent's minute is what it would bring to others."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from engage.app import wanting
from engage.store import weighed
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
