"""The price of the running half hour follows what is left of its time and its minutes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engage.app.replay.replaying import replay
from tests.app.test_pricing import plan, weigh
from tests.bank import Bank, MakeBank

QUEUE = "service"


def asked(bank: Bank) -> dict[str, Any]:
    """Return the newest plan as it is stored."""
    return dict(json.loads(bank.rows("select * from plans order by created_at desc")[0]["body"]))


def busy(bank: Bank, *, share: float = 1.0) -> float:
    """Let 100 gain 900 and 100 gain 400 by a call in this half hour, each day; return a call's minutes."""
    weigh(bank, int(700 * share), {"call_now": 900.0})
    weigh(bank, int(700 * share), {"call_now": 400.0})
    return bank.app.actions["call_now"].agent_minutes


def used(bank: Bank, times: int, *, held_out: bool = False) -> None:
    """Write down that so many calls were decided now, or would have been for the held out."""
    before, now = bank.count("decisions"), bank.app.now().replace(tzinfo=None)
    for number in range(before, before + times):
        told = {"id": f"dec_{number}", "at": now, "action": "none" if held_out else "call_now"}
        bank.change(
            "insert into decisions (decision_id, person_id, trigger, decided_at, known_at, "
            "stored_at, arm, action, propensity, source) values (:id, 'per_a', 'visitor_struggling', "
            ":at, :at, :at, 'treated', :action, 1, 'engage')",
            **told,
        )
        if held_out:
            bank.change(
                "insert into ghost_ledger (decision_id, person_id, trigger, action, channel, class, at) "
                "values (:id, 'per_a', 'visitor_struggling', 'call_now', 'callback', 'service', :at)",
                id=told["id"],
                at=now,
            )


def test_it_says_what_a_minute_is_worth_for_the_rest_of_the_half_hour(bank: Bank) -> None:
    minutes = busy(bank)
    assert plan(bank)["prices"][QUEUE]["now"][0] == pytest.approx(900 / minutes, rel=1e-3)
    # After 27 of 30 minutes a tenth of the 200 may still come up, 10 of each kind. Nothing of the 108
    # minutes is used: all 10 x 900 get a call, and the next minute brings 400 / minutes of a call.
    bank.later(minutes=27)
    bank.run("pace_prices")
    found = asked(bank)
    assert 10 * minutes < 108 < 20 * minutes
    assert found["corrects"]
    assert found["prices"][QUEUE]["now"][0] == pytest.approx(400 / minutes, rel=1e-3)


@pytest.mark.parametrize("held_out", [False, True], ids=["treated", "held out"])
def test_minutes_that_are_used_make_the_others_dearer(bank: Bank, *, held_out: bool) -> None:
    minutes = busy(bank)
    plan(bank)
    bank.later(minutes=26)
    bank.run("pace_prices")
    bank.later(minutes=1)
    used(bank, int(108 / minutes) - 2, held_out=held_out)
    bank.run("pace_prices")
    # Two calls are left for the 10 who gain 900.
    assert asked(bank)["prices"][QUEUE]["now"][0] == pytest.approx(900 / minutes, rel=1e-3)


def test_it_leaves_the_rest_of_the_plan_as_it_is(bank: Bank) -> None:
    busy(bank)
    before = plan(bank)
    bank.later(minutes=27)
    bank.run("pace_prices")
    bank.later(minutes=1)
    bank.run("pace_prices")
    after = asked(bank)
    assert (
        after["corrects"] == bank.rows("select * from plans order by created_at")[0]["plan_version"]
    )
    for queue, told in before["prices"].items():
        assert after["prices"][queue]["later"] == told["later"]
        assert after["prices"][queue]["slots"] == told["slots"]
        assert after["prices"][queue]["now"][1:] == told["now"][1:]


def test_without_a_priced_plan_it_does_nothing(bank: Bank) -> None:
    assert bank.run("pace_prices").done == 0
    plan(bank)
    bank.later(minutes=5)
    assert bank.run("pace_prices").done == 0
    assert bank.count("plans") == 1


def test_decisions_ask_the_corrected_price_and_are_made_again_at_it(make_bank: MakeBank) -> None:
    bank = make_bank({r"agents = 12": "agents = 1"})
    minutes = bank.app.actions["call_now"].agent_minutes
    weigh(bank, 1_400, {"call_now": 900.0})
    plan(bank)
    bank.later(minutes=29, seconds=30)  # a sixtieth of 200 may come up: 3.3, for 9 minutes
    bank.run("pace_prices")
    price = asked(bank)["prices"][QUEUE]["now"][0]
    assert 200 / 60 * minutes > 9
    weigh(bank, 1_400, {"call_now": 90_000.0}, at=bank.app.now())
    bank.later(seconds=10)
    bank.run("pace_prices")
    assert asked(bank)["prices"][QUEUE]["now"][0] != price
    bank.left_form("visitor")
    bank.cast.tell()
    bank.run("score_sessions")
    row = bank.rows("select * from decisions where source = 'engage'")[0]
    newest = bank.rows("select plan_version from plans order by created_at desc")[0]
    assert row["plan_version"] == newest["plan_version"]
    found = replay(bank.app, 10)
    assert (found.decisions, found.identical) == (1, 1)
