"""Each invariant is seen to hold on a store that was used, and to break when one thing is wrong."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

import engage.invariants
from engage.invariants import broken, invariants, no_cap_breached
from engage.invariants.invariant import Invariant
from engage.store import Tx
from engage.store.ledger import Cap
from engage.store.tables import Time
from tests.bank import MORNING, Bank

LONG_AGO = MORNING - timedelta(days=3)
A_MESSAGE = "(select min(message_id) from messages)"
A_TREATED = "(select min(decision_id) from decisions where arm = 'treated' and action <> 'none')"
A_GHOST = "(select min(decision_id) from ghost_ledger)"

# The file of an invariant, what to do behind the application's back, and what is then said.
BREACHES = {
    "excluded after all": (
        "excluded_left_alone",
        f"""
        insert into exclusions
            (person_id, reason, valid_from, known_at, must_serve, gone, stored_at)
        select person_id, 'bereavement', created_at, created_at, false, false, created_at
        from messages where message_id = {A_MESSAGE}
        """,
        "went to somebody excluded for bereavement",
    ),
    "a ghost that was treated": (
        "ghosts_are_held_out",
        f"update ghost_ledger set decision_id = {A_TREATED} where decision_id = {A_GHOST}",
        "is a ghost but was not held out",
    ),
    "a held-out decision without its ghost": (
        "ghosts_are_held_out",
        f"delete from ghost_ledger where decision_id = {A_GHOST}",
        "was held out but has no ghost",
    ),
    "a message to the held out": (
        "held_out_left_alone",
        f"update messages set decision_id = {A_GHOST} where message_id = {A_MESSAGE}",
        "goes to somebody held out",
    ),
    "sent and not counted": (
        "ledger_agrees",
        """
        update contact_ledger set state = 'reserved'
        where decision_id = (select min(decision_id) from messages where state = 'sent')
        """,
        "was sent but is not used in the contact ledger",
    ),
    "counted and not sent": (
        "ledger_agrees",
        f"update contact_ledger set decision_id = 'dec_lost' where decision_id = {A_TREATED}",
        "dec_lost is in the contact ledger without a message",
    ),
    "a decision without its outbox row": (
        "no_orphan",
        "delete from messages where state = 'due'",
        "was decided but has no outbox row",
    ),
    "an outbox row without its decision": (
        "no_orphan",
        f"update messages set decision_id = 'dec_lost' where message_id = {A_MESSAGE}",
        "has no decision",
    ),
    "two open offers": (
        "one_open_action",
        "update messages set state = 'due', person_id = (select min(person_id) from messages)",
        "open actions",
    ),
    "no chance at all": (
        "propensity_is_a_chance",
        f"update decisions set propensity = 0 where decision_id = {A_TREATED}",
        "has propensity 0",
    ),
    "more than certain": (
        "propensity_is_a_chance",
        f"update decisions set propensity = 1.5 where decision_id = {A_TREATED}",
        "has propensity 1.5",
    ),
    "an unknown chance": (
        "propensity_is_a_chance",
        f"update decisions set propensity = null where decision_id = {A_TREATED}",
        "has propensity nothing",
    ),
    "decided and never qualified": (
        "qualified_before_drawn",
        f"delete from qualifications where decision_id = {A_GHOST}",
        "has no qualification",
    ),
    "an action that could not be drawn": (
        "propensities_sum_to_one",
        f"update decisions set propensity = 0.5 where decision_id = {A_TREATED}",
        "was drawn with 0.5, and its action has 0.9",
    ),
    "chances that are none": (
        "propensities_sum_to_one",
        f"""
        update decisions set propensities = '{{"chat_offer": 0.95}}'
        where decision_id = {A_TREATED}
        """,
        "has propensities that sum to 0.95",
    ),
    "a worker that is gone": (
        "no_stuck_row",
        f"""
        update messages set state = 'sending', lease_until = :long_ago
        where message_id = {A_MESSAGE}
        """,
        "is held by a worker that is gone",
    ),
    "a message that nobody let expire": (
        "no_stuck_row",
        f"update messages set state = 'due', expires_at = :long_ago where message_id = {A_MESSAGE}",
        "is due and should have expired",
    ),
    "a message of which nobody knows": (
        "no_stuck_row",
        f"""
        update messages set state = 'unknown', expires_at = :long_ago
        where message_id = {A_MESSAGE}
        """,
        "is neither known as sent nor as failed",
    ),
    "a run that never ended": (
        "no_stuck_row",
        """
        update job_runs set state = 'running', started_at = :long_ago
        where run_id = (select min(run_id) from job_runs)
        """,
        "has been running for more than a day",
    ),
    "a call-back that nobody made": (
        "no_stuck_row",
        """
        insert into slots (slot_id, queue, starts_at, ends_at, capacity, booked)
        values ('slot_lost', 'service', :long_ago, :long_ago, 1, 1);
        insert into callbacks
            (callback_id, person_id, slot_id, state, phone_needed, created_at, updated_at)
        values ('cal_lost', 'per_x', 'slot_lost', 'booked', false, :long_ago, :long_ago)
        """,
        "cal_lost is open, and its slot is over",
    ),
    "somebody contacted time and again": (
        "no_cap_breached",
        "update contact_ledger set person_id = 'per_pestered', class = 'service', state = 'used'",
        "is more than 3 contacts in 1 d",
    ),
    "a history file of which nothing is there": (
        "history_agrees",
        """
        insert into history_files
            (path, relation, partition, rows, first_seq, last_seq, amends, written_at)
        select 'events/2026-03-02/lost.parquet', 'events', '2026-03-02', 5, 1, 5, false, started_at
        from job_runs where run_id = (select min(run_id) from job_runs)
        """,
        "events/2026-03-02/lost.parquet is gone",
    ),
    "a slot sold twice": (
        "slots_not_oversold",
        "update slots set booked = capacity + 1 where slot_id = (select min(slot_id) from slots)",
        "bookings for",
    ),
}


@pytest.fixture
def used(bank: Bank) -> Bank:
    """Return a bank that decided about sixteen visitors and delivered to half of the treated."""
    bank.abandon_forms(12)
    bank.run("deliver_messages")
    bank.later(seconds=1)
    for number in range(4):
        bank.left_form(f"late visitor {number}")
    bank.cast.tell()
    bank.run("score_sessions")
    states = {row["state"] for row in bank.rows("select distinct state from messages")}
    assert {"sent", "due"} <= states
    return bank


def named(file: str) -> Invariant:
    found: Invariant = importlib.import_module(f"engage.invariants.{file}").INVARIANT
    return found


def found(bank: Bank, file: str, statement: str) -> list[str]:
    """Return what the invariant says inside a transaction that is then taken back."""

    class TakeBack(Exception):
        pass

    said: list[str] = []

    def look(tx: Tx) -> None:
        if file == "one_open_action":
            tx.execute(sa.text("drop index uq_messages_open"))  # the database itself refuses it
        for one in statement.split(";"):
            change = sa.text(one)
            if ":long_ago" in one:
                change = change.bindparams(sa.bindparam("long_ago", LONG_AGO, Time()))
            assert tx.execute(change).rowcount > 0
        said.extend(named(file).breaches(bank.app, tx))
        assert len(said) == len(set(said)), "the same was said twice"
        raise TakeBack

    with pytest.raises(TakeBack), bank.app.store.write() as tx:
        look(tx)
    return said


def test_each_breach_is_named_and_nothing_else_is(used: Bank) -> None:
    clean = broken(used.app)
    assert set(clean) == {one.sentence for one in invariants()}
    assert {sentence: rows for sentence, rows in clean.items() if rows} == {}
    missed = {}
    for name, (file, statement, words) in BREACHES.items():
        said = found(used, file, statement)
        if not any(words in line for line in said):
            missed[name] = said
    assert missed == {}
    assert {sentence: rows for sentence, rows in broken(used.app).items() if rows} == {}


@pytest.mark.parametrize("contacts", range(7))
def test_only_what_comes_on_top_of_a_full_budget_is_over_it(contacts: int) -> None:
    """Four a day are allowed: of contacts an hour apart the fifth and later ones are too many."""
    hours = [MORNING.replace(tzinfo=None) + timedelta(hours=n) for n in range(contacts)]
    spent = pd.DataFrame({"person_id": ["a"] * contacts, "at": np.array(hours, "datetime64[us]")})
    over = no_cap_breached.over(spent, Cap(4, timedelta(days=1)))
    assert over.tolist() == [n >= 4 for n in range(contacts)]


def test_a_contact_a_day_later_is_of_another_budget() -> None:
    at = np.array([MORNING.replace(tzinfo=None), MORNING.replace(tzinfo=None)], "datetime64[us]")
    at[1] += np.timedelta64(1, "D")
    spent = pd.DataFrame({"person_id": ["a", "a"], "at": at})
    assert not no_cap_breached.over(spent, Cap(1, timedelta(days=1))).any()
    assert no_cap_breached.over(spent, Cap(1, timedelta(days=1, seconds=1))).tolist() == [
        False,
        True,
    ]


def test_each_invariant_has_a_breach_to_be_seen_on() -> None:
    files = {module.name for module in pkgutil.iter_modules(engage.invariants.__path__)}
    assert {file for file, _, _ in BREACHES.values()} == files - {"invariant"}


def test_the_job_counts_what_is_broken(used: Bank) -> None:
    everything = used.run("check_invariants")
    assert everything.done == everything.seen == len(list(invariants()))
    used.change("update slots set booked = capacity + 1")
    used.later(minutes=5)
    report = used.run("check_invariants")
    assert report.done == report.seen - 1
    assert report.skipped == {named("slots_not_oversold").sentence: used.count("slots")}
