"""What an agent's minute goes into is learned from the records, and kept with the plan."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from engage.app.replay.replaying import replay
from tests.bank import Bank, MakeBank

DAY = timedelta(days=1)
HALF = 20
"""Contacts of each kind: 40 are more than the 30 from which on something is learned."""


def talked(bank: Bank, topic: str, minutes: float, n: int = HALF, **columns: Any) -> None:
    """Write down handled calls about something, one a day at most ten times over."""
    who = bank.cast.person("caller")
    spoken = {"topic": topic, "talk_s": 60 * minutes - 30, "wrap_s": 30.0}
    for one in range(n):
        bank.cast.contact(who, ago=(1 + one % 20) * DAY, **spoken, **columns)


def called(bank: Bank, hour: int, *, reached: bool, n: int = HALF, **columns: Any) -> None:
    """Write down calls of ours at an hour in Berlin; it is 11:00 there on a Tuesday."""
    who = bank.cast.person("called")
    ours = {"direction": "outbound", "initiated_by": "engine", "queue": "outbound"}
    closed = {"talk_s": 100.0, "disposition": "done"} if reached else {"disposition": "No answer"}
    for week in range(n):
        # A Monday, the call having begun five minutes before it ended.
        ago = DAY + (week % 5) * 7 * DAY + timedelta(hours=11 - hour) - timedelta(minutes=10)
        bank.cast.contact(who, ago=ago, **ours, **closed | columns)


def plan(bank: Bank) -> dict[str, Any]:
    bank.cast.tell()
    bank.later(seconds=1)
    bank.run("plan_capacity")
    body = bank.rows("select body from plans order by created_at desc")[0]["body"]
    return dict(json.loads(body).get("learned", {}))


def test_how_long_a_contact_takes_is_told_by_its_topic(bank: Bank) -> None:
    talked(bank, "card", 5)
    talked(bank, "mortgage", 15)
    # All of a topic take as long, so that nothing is left to chance and each has its own mean.
    assert plan(bank)["handle"] == {"service": {"card": 5, "mortgage": 15, "": 10}}


def test_too_few_contacts_leave_the_minutes_of_the_settings(bank: Bank) -> None:
    talked(bank, "card", 5, n=29)
    assert plan(bank) == {}
    talked(bank, "card", 5, n=1)
    assert plan(bank)["handle"]["service"] == {"card": 5, "": 5}


def test_what_no_agent_handled_does_not_count(bank: Bank) -> None:
    talked(bank, "card", 5, n=40)
    talked(bank, "card", 50, abandoned=True)
    talked(bank, "card", 50, handled_by="bot")
    assert plan(bank)["handle"]["service"][""] == 5


def test_what_is_known_later_does_not_count_now(bank: Bank) -> None:
    talked(bank, "card", 5, n=40)
    talked(bank, "card", 50, known_at=(bank.app.now() + DAY).replace(tzinfo=None))
    assert plan(bank)["handle"]["service"][""] == 5
    bank.later(days=2)
    assert plan(bank)["handle"]["service"][""] == pytest.approx((40 * 5 + 20 * 50) / 60)


def test_what_is_long_ago_does_not_count(make_bank: MakeBank) -> None:
    bank = make_bank({r"learned_d = 56": "learned_d = 10"})
    talked(bank, "card", 5)  # half of them within ten days
    assert plan(bank) == {}


def test_when_calls_are_answered_is_told_by_how_they_were_closed(bank: Bank) -> None:
    called(bank, 9, reached=True)
    called(bank, 17, reached=False)
    told = plan(bank)["reached"]
    # 20 of 20 at nine and 0 of 20 at five: nothing scatters within an hour.
    assert told == {"weekday 08-10": 1, "weekday 16-18": 0, "": 0.5}


def test_few_calls_at_an_hour_count_with_those_of_all_hours(bank: Bank) -> None:
    called(bank, 9, reached=True, n=60)
    called(bank, 9, reached=False, n=60)
    called(bank, 17, reached=False, n=2)
    told = plan(bank)["reached"]
    assert told[""] == pytest.approx(60 / 122, abs=1e-4)
    assert 0 < told["weekday 16-18"] <= told[""]


def test_the_hour_is_that_of_the_person(bank: Bank) -> None:
    who = bank.cast.person("far away", zone="America/New_York")
    ours = {"direction": "outbound", "initiated_by": "company", "talk_s": 60.0}
    for _ in range(30):  # 10:00 UTC, of which five minutes before are 04:55 in New York
        bank.cast.contact(who, ago=DAY, **ours)
    assert set(plan(bank)["reached"]) == {"weekday 04-06", ""}


def test_calls_that_customers_made_tell_nothing_of_it(bank: Bank) -> None:
    talked(bank, "card", 5, n=40)
    assert "reached" not in plan(bank)


@pytest.fixture
def wary(make_bank: MakeBank) -> Bank:
    """Return a bank that loses 1,000.00 with whoever gives up on a call, model or not."""
    staked = 'actions = ["callback_slot"]\ngoal = "recovered"\nhorizon_h = 168\nstake = '
    return make_bank(
        {rf"{re.escape(staked)}.customer.": staked.replace("stake = ", "stake_minor = 100000")}
    )


def abandoned(bank: Bank, topic: str) -> None:
    who = bank.cast.person(f"gave up about {topic}")
    gave_up = {"abandoned": True, "wait_s": 120.0, "talk_s": None}
    bank.cast.contact(who, ago=timedelta(minutes=2), topic=topic, **gave_up)


def decided(bank: Bank) -> list[dict[str, Any]]:
    """Learn, let two people give up on their calls, and decide; return what was weighed for each."""
    talked(bank, "card", 5)
    talked(bank, "mortgage", 15)
    for hour in range(9, 19):
        called(bank, hour, reached=hour >= 12, n=10)
    plan(bank)
    for topic in ("card", "mortgage"):
        abandoned(bank, topic)
    bank.cast.tell()
    bank.run("score_interactions")
    rows = bank.rows("select * from decisions where \"trigger\" = 'call_abandoned'")
    told = {json.loads(row["features"])["topic"]: json.loads(row["values"]) for row in rows}
    return [told[one]["callback_slot"] for one in ("card", "mortgage")]


def test_decisions_pay_for_the_minutes_of_their_topic_and_hour(wary: Bank) -> None:
    card, mortgage = decided(wary)
    chance = card["reached"]
    assert 0 < chance < 1
    assert card["minutes"] == pytest.approx(chance * 5 + (1 - chance) * 1, abs=1e-3)
    assert mortgage["minutes"] == pytest.approx(chance * 15 + (1 - chance) * 1, abs=1e-3)
    assert mortgage["price"] == pytest.approx(mortgage["minutes"] * 50)


def test_they_come_out_the_same_again(wary: Bank) -> None:
    decided(wary)
    found = replay(wary.app, 1000)
    assert found.decisions == found.identical == 2


@pytest.mark.parametrize("part", ["minutes", "reached", "usual"])
def test_a_part_that_was_altered_is_named(wary: Bank, part: str) -> None:
    decided(wary)
    row = wary.rows("select * from decisions order by 1 limit 1")[0]
    told = json.loads(row["values"])
    told["callback_slot"][part] += 0.125
    altered = 'update decisions set "values" = :told where decision_id = :which'
    wary.change(altered, told=json.dumps(told), which=row["decision_id"])
    stages = replay(wary.app, 1000).stages
    assert {name for name, stage in stages.items() if stage.failed} == {"values"}


def test_the_story_tells_of_the_hour(wary: Bank) -> None:
    from engage.app.explaining import explain

    decided(wary)
    decision = wary.rows("select decision_id from decisions order by 1")[0]["decision_id"]
    text = "\n".join(explain(wary.app, decision).lines)
    assert "of calls are answered at that hour, " in text
    assert "minutes of the agent's time" in text


def test_slots_are_as_long_as_contacts_take(bank: Bank) -> None:
    most = "select max(capacity) as most from slots where queue = 'service'"
    plan(bank)
    # 12 agents x 30 x (1 - .7) = 108 minutes are 18 calls of 6 (handle_min), and 9 of 12.
    assert bank.rows(most)[0]["most"] == 18
    talked(bank, "card", 12, n=40, initiated_by="company", direction="outbound")
    plan(bank)
    assert bank.rows(most)[0]["most"] == 9
