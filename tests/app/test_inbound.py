"""Agents whom inbound contacts will need are not promised to anybody else."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.bank import Bank, MakeBank

DAY = timedelta(days=1)
ELEVEN = "2026-03-03 10:00:00"
"""In Berlin, when the tests begin, on a Tuesday."""


def call_daily(bank: Bank, days: int, each: int, **columns: Any) -> None:
    """Write down calls of ten minutes, ended at a quarter past eleven, on every day before today."""
    who = bank.cast.person("caller")
    served = {"talk_s": 540.0, "wrap_s": 60.0, "wait_s": 0.0} | columns
    for day in range(1, days + 1):
        for _ in range(each):
            bank.cast.contact(who, ago=day * DAY - timedelta(minutes=15), **served)
    bank.cast.tell()


def planned(bank: Bank, queue: str = "service", starts: str = ELEVEN) -> dict[str, Any]:
    bank.later(seconds=1)
    bank.run("plan_capacity")
    body = json.loads(bank.rows("select body from plans order by created_at desc")[0]["body"])
    rows = {(row["queue"], row["starts_at"]): row for row in body["free"]}
    return dict(rows[queue, starts])


def test_expected_calls_keep_their_agents(bank: Bank) -> None:
    call_daily(bank, 21, each=6)
    told = planned(bank)
    # Three weeks of 6 calls at this half hour; 10 minutes each are 2 agents' work, and a few more
    # are needed so that nobody waits.
    assert told["contacts"] == pytest.approx(6, rel=0.01)
    assert 3 <= told["needed"] <= 6
    assert told["free_min"] == (12 - told["needed"]) * 30
    # Nobody calls at three in the afternoon, and all twelve are free.
    assert planned(bank, starts="2026-03-03 14:00:00")["free_min"] == 360


def test_two_weeks_must_be_known(bank: Bank) -> None:
    call_daily(bank, 9, each=6)
    told = planned(bank)
    assert "contacts" not in told
    assert told["free_min"] == pytest.approx(12 * 30 * (1 - 0.7))  # [queues.service] inbound_share


def test_what_takes_no_agent_needs_none(bank: Bank) -> None:
    call_daily(bank, 21, each=1)
    usual = planned(bank)["contacts"]
    for columns in (
        {"initiated_by": "company", "direction": "outbound"},
        {"initiated_by": "engine", "direction": "outbound"},
        {"handled_by": "bot"},
        {"channel": "branch"},
        {"queue": "somewhere else"},
    ):
        call_daily(bank, 21, each=5, **columns)
    bank.run("archive_history")
    assert planned(bank)["contacts"] == usual


def test_what_is_known_later_is_not_foreseen_now(bank: Bank) -> None:
    call_daily(bank, 21, each=2)
    call_daily(bank, 21, each=20, known_at=(bank.app.now() + DAY).replace(tzinfo=None))
    assert planned(bank)["contacts"] == pytest.approx(2, rel=0.01)


def test_a_flood_of_calls_today_keeps_more_agents(bank: Bank) -> None:
    call_daily(bank, 21, each=2)
    who = bank.cast.person("caller")
    calm = planned(bank)["contacts"]
    for minutes in range(60):
        for _ in range(4):
            bank.cast.contact(who, ago=timedelta(minutes=minutes), talk_s=300.0)
    bank.cast.tell()
    assert planned(bank)["contacts"] > 1.2 * calm


def test_how_long_they_take_is_learned(bank: Bank) -> None:
    call_daily(bank, 21, each=6)  # of ten minutes
    usual = planned(bank)["needed"]
    call_daily(bank, 21, each=1, talk_s=60 * 100.0)
    # Six of ten minutes and one of a hundred are 160 / 7 = 23 on average: more agents for more work.
    assert planned(bank)["needed"] > 1.5 * usual


def test_how_long_they_wait_is_learned(bank: Bank) -> None:
    call_daily(bank, 21, each=6)
    usual = planned(bank)["needed"]
    call_daily(bank, 21, each=2, abandoned=True, wait_s=1.0, talk_s=None)
    hasty = planned(bank)
    # 42 who gave up after a second: no agent is spared for somebody who is gone before.
    assert hasty["contacts"] == pytest.approx(8, rel=0.01)
    assert hasty["needed"] >= usual


def test_the_job_says_what_it_foresees(bank: Bank) -> None:
    call_daily(bank, 21, each=6)
    report = bank.run("plan_capacity")
    assert "service: " in report.note
    assert "contacts foreseen in the day ahead" in report.note
    assert "chat" not in report.note


def test_a_day_that_is_none_stops_the_start(make_bank: MakeBank) -> None:
    with pytest.raises(Exception, match="'2026-13-01' is no day; write it as 2026-12-24"):
        make_bank({r"(?m)^holidays = .*": 'holidays = ["2026-13-01"]'})
