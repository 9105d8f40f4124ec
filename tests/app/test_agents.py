"""What agents are doing right now goes before the plan, for as long as it is fresh."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from engage.app import agents
from engage.app.checkup import check_up
from engage.app.replay.replaying import replay
from engage.errors import WrongUse
from tests.bank import Bank, MakeBank


def free(bank: Bank) -> dict[str, int]:
    with bank.app.store.read() as tx:
        return agents.free_now(bank.app, tx, bank.app.now())


def weighed(bank: Bank) -> dict[str, dict[str, Any]]:
    """Let somebody leave a form, decide, and return what was weighed for them."""
    who, _ = bank.left_form(f"visitor {bank.count('decisions')}")
    bank.cast.tell()
    bank.later(seconds=1)
    bank.run("score_sessions")
    row = bank.rows('select "values" from decisions where person_id = :who', who=who)[0]
    return dict(json.loads(row["values"]))


@pytest.fixture
def calling(make_bank: MakeBank) -> Bank:
    """Return a bank that may call at once whoever left a form."""
    old = r'actions = \["chat_offer", "callback_slot", "sms_followup"\]'
    bank = make_bank({old: 'actions = ["call_now", "sms_followup"]'})
    bank.run("plan_capacity")
    return bank


def test_by_the_plan_an_agent_is_free(calling: Bank) -> None:
    assert "no_capacity" not in weighed(calling)["call_now"]["refused"]


def test_whoever_is_busy_cannot_be_offered_at_once(calling: Bank) -> None:
    agents.tell(calling.app, "service", free=0, busy=11, wrap=1)
    told = weighed(calling)
    assert told["call_now"]["refused"] == ["no_capacity"]
    assert "callback_slot" in told  # the slot stands in for it
    found = replay(calling.app, 1000)
    assert found.decisions == found.identical == 1


def test_whoever_is_free_can_though_the_plan_knows_of_nobody(make_bank: MakeBank) -> None:
    old = r'actions = \["chat_offer", "callback_slot", "sms_followup"\]'
    bank = make_bank({old: 'actions = ["call_now", "sms_followup"]', r"agents = 12": "agents = 0"})
    bank.run("plan_capacity")
    assert "no_capacity" in weighed(bank)["call_now"]["refused"]
    agents.tell(bank.app, "service", free=1)
    assert "no_capacity" not in weighed(bank)["call_now"]["refused"]


def test_what_was_seen_too_long_ago_leaves_it_to_the_plan(calling: Bank) -> None:
    agents.tell(calling.app, "service", free=0)
    calling.later(seconds=120)
    assert free(calling) == {"service": 0}
    calling.later(seconds=1)
    assert free(calling) == {}
    assert "no_capacity" not in weighed(calling)["call_now"]["refused"]


def test_another_queue_goes_by_the_plan(calling: Bank) -> None:
    agents.tell(calling.app, "chat", free=0)
    assert "no_capacity" not in weighed(calling)["call_now"]["refused"]


def test_the_last_word_counts_whatever_the_order(bank: Bank) -> None:
    now = bank.app.now()
    assert agents.tell(bank.app, "service", free=2)
    assert not agents.tell(bank.app, "service", free=9, at=now - timedelta(seconds=1))
    assert free(bank) == {"service": 2}
    assert agents.tell(bank.app, "service", free=3, at=now)
    assert free(bank) == {"service": 3}


@pytest.mark.parametrize(
    ("queue", "numbers", "words"),
    [
        ("servise", {"free": 1}, "there is no queue 'servise' in settings.toml; .*service"),
        ("service", {"free": -1}, "queue service: free is -1; there cannot be fewer than none"),
        ("service", {"free": 1, "wrap": -2}, "wrap is -2"),
    ],
)
def test_what_cannot_be_is_refused(
    bank: Bank, queue: str, numbers: dict[str, Any], words: str
) -> None:
    with pytest.raises(WrongUse, match=words):
        agents.tell(bank.app, queue, **numbers)
    assert free(bank) == {}


def test_a_moment_that_is_yet_to_come_is_refused(bank: Bank) -> None:
    ahead: datetime = bank.app.now() + timedelta(minutes=2)
    with pytest.raises(WrongUse, match="is yet to come; set the clock of the sender right"):
        agents.tell(bank.app, "service", free=1, at=ahead)


def test_the_check_up_says_when_it_counts_no_more(bank: Bank) -> None:
    def found() -> dict[str, tuple[str, str]]:
        told = check_up(bank.app, {}, {})
        return {one.about: (one.level, one.says) for one in told if "agents" in one.about}

    assert found() == {}
    agents.tell(bank.app, "service", free=3, busy=5, wrap=1)
    assert found() == {"agents of service": ("ok", "3 free, 5 busy, 1 writing up")}
    bank.later(seconds=300)
    level, words = found()["agents of service"]
    assert level == "look"
    assert words.startswith("told 300 seconds ago (3 free")
    assert words.endswith("the plan says who is free instead")
