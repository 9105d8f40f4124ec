"""Contacts are scored and decided when they are known, whatever the clock of the run says."""

from __future__ import annotations

from datetime import timedelta

from tests.app.test_loop import HUNG_UP, NOBODY_HELD_OUT
from tests.bank import Bank, MakeBank

HOUR = timedelta(hours=1)


def hangs_up(bank: Bank, name: str, known_in: timedelta) -> str:
    who = bank.cast.person(name)
    known_at = (bank.app.now() + known_in).replace(tzinfo=None)
    ended = {"abandoned": True, "wait_s": 190.0, "resolved": "false", "known_at": known_at}
    return bank.cast.contact(who, ago=-known_in, **ended)


def decided(bank: Bank) -> set[str]:
    return {row["subject_id"] for row in bank.rows("select subject_id from decisions")}


def test_a_contact_that_is_not_known_yet_waits_until_it_is(make_bank: MakeBank) -> None:
    bank = make_bank(NOBODY_HELD_OUT, HUNG_UP)
    now, later = hangs_up(bank, "now", -HOUR / 60), hangs_up(bank, "later", HOUR)
    bank.cast.tell()
    assert bank.run("plan_capacity", "score_interactions").seen == 1
    assert decided(bank) == {now}
    bank.later(seconds=1)
    assert bank.run("score_interactions").seen == 0
    bank.later(hours=1, minutes=1)
    assert bank.run("plan_capacity", "score_interactions").seen == 1
    assert decided(bank) == {now, later}


def test_a_run_in_the_past_does_not_see_what_came_later(make_bank: MakeBank) -> None:
    bank = make_bank(NOBODY_HELD_OUT, HUNG_UP)
    then = hangs_up(bank, "then", -3 * HOUR)
    hangs_up(bank, "since", -HOUR)
    bank.cast.tell()
    bank.later(hours=-2, minutes=-58)
    assert bank.run("plan_capacity", "score_interactions").seen == 1
    assert decided(bank) == {then}


def test_a_list_of_the_past_does_not_name_who_was_decided_since(make_bank: MakeBank) -> None:
    bank = make_bank(NOBODY_HELD_OUT, HUNG_UP)
    hangs_up(bank, "now", -HOUR / 60)
    bank.cast.tell()
    bank.run("plan_capacity", "score_interactions")
    bank.later(minutes=-5)
    assert bank.run("build_recovery_list").seen == 0
    bank.later(minutes=5)
    assert bank.run("build_recovery_list").seen == 1
