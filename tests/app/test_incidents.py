"""In an outage visitors get slots or nothing, by rule or because somebody says so."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from engage.app import incidents
from engage.app.checkup import check_up
from engage.app.frames import Scored
from engage.store import scores
from tests.bank import Bank, MakeBank

NOBODY_HELD_OUT = {
    r"holdout = 0.5": "holdout = 0.0",
    r"holdout_global = 0.1": "holdout_global = 0.0",
}
HOUR = timedelta(hours=1)


def told(bank: Bank) -> incidents.Incident | None:
    with bank.app.store.read() as tx:
        return incidents.current(bank.app, tx)


def visits(struggling: int, others: int) -> Scored:
    said = [0.9] * struggling + [0.1] * others
    return Scored(pa.table({"session_struggle": said}), {"session_struggle": "art_1"})


def usually(bank: Bank, struggling: int, others: int) -> None:
    """Store what visits of yesterday scored."""
    n = struggling + others
    moment = (bank.app.now() - 24 * HOUR).replace(tzinfo=None)
    rows = pa.table(
        {
            "subject_id": [f"ses_{i}" for i in range(n)],
            "person_id": [f"per_{i}" for i in range(n)],
            "model": ["session_struggle"] * n,
            "as_of": pa.array([moment] * n, pa.timestamp("us")),
            "artifact_id": ["art_1"] * n,
            "score": [0.9] * struggling + [0.1] * others,
        }
    )
    with bank.app.store.write() as tx:
        scores.keep(tx, rows)


def decided(bank: Bank) -> dict[str, Any]:
    bank.left_form("visitor")
    bank.cast.tell()
    bank.later(seconds=1)
    bank.run("plan_capacity", "score_sessions")
    rows = bank.rows("select * from decisions")
    return {} if not rows else json.loads(rows[0]["values"])


def test_slots_stand_in_for_what_would_happen_now(make_bank: MakeBank) -> None:
    bank = make_bank(NOBODY_HELD_OUT)
    incidents.begin(bank.app, "slots", "Ann")
    values = decided(bank)
    slots = {name for name, action in bank.app.actions.items() if action.slot}
    for name, parts in values.items():
        assert ("incident" in parts["refused"]) == (name not in slots), name
    assert any(not values[name]["refused"] for name in slots & set(values))


def test_a_pause_offers_nothing(make_bank: MakeBank) -> None:
    bank = make_bank(NOBODY_HELD_OUT)
    incidents.begin(bank.app, "pause", "Ann")
    assert decided(bank) == {}
    reasons = bank.rows("select reasons from refusals")[0]["reasons"]
    assert "incident" in json.loads(reasons)


def test_what_is_over_is_over(make_bank: MakeBank) -> None:
    bank = make_bank(NOBODY_HELD_OUT)
    incidents.begin(bank.app, "pause", "Ann")
    assert incidents.end(bank.app, "Ben")
    assert not incidents.end(bank.app, "Ben")
    assert decided(bank)
    verbs = [
        (row["who"], row["verb"])
        for row in bank.rows("select * from audit_entries order by entry_id")
    ]
    assert verbs[-2:] == [("Ann", "incident on"), ("Ben", "incident off")]


def test_half_of_those_who_usually_get_on_are_an_outage(bank: Bank) -> None:
    usually(bank, struggling=20, others=80)
    # A fifth struggles usually; of the other four fifths half are two more fifths: six of ten.
    assert incidents.watch(bank.app, visits(11, 9)) == ""
    assert told(bank) is None
    assert incidents.watch(bank.app, visits(12, 8)).endswith("slots")
    found = told(bank)
    assert found is not None
    assert (found.mode, found.by, found.since) == ("slots", incidents.RULE, bank.app.now())


def test_where_many_always_struggle_it_takes_more(bank: Bank) -> None:
    usually(bank, struggling=60, others=40)
    assert incidents.watch(bank.app, visits(15, 5)) == ""  # .75 < .6 + .5 x .4
    assert incidents.watch(bank.app, visits(16, 4))


def test_few_visits_or_no_past_conclude_nothing(bank: Bank) -> None:
    assert incidents.watch(bank.app, visits(30, 0)) == ""
    usually(bank, struggling=0, others=100)
    assert incidents.watch(bank.app, visits(19, 0)) == ""
    assert incidents.watch(bank.app, visits(20, 0))


def test_it_ends_when_it_was_not_seen_for_half_an_hour(bank: Bank) -> None:
    usually(bank, struggling=0, others=100)
    incidents.watch(bank.app, visits(20, 5))
    since = bank.app.now()
    bank.later(minutes=20)
    assert incidents.watch(bank.app, visits(20, 5))
    bank.later(minutes=29)
    assert incidents.watch(bank.app, visits(2, 20))
    found = told(bank)
    assert found is not None
    assert found.since == since
    bank.later(minutes=1)
    assert incidents.watch(bank.app, visits(2, 20)) == ""
    assert told(bank) is None


def test_it_ends_where_nobody_is_on_the_pages_to_look_at(make_bank: MakeBank) -> None:
    bank = make_bank(NOBODY_HELD_OUT | {r'(?m)^do = "slots"': 'do = "pause"'})
    usually(bank, struggling=0, others=100)
    assert incidents.watch(bank.app, visits(20, 5))
    bank.later(minutes=30)
    assert decided(bank)


def test_what_a_person_said_no_rule_takes_back(bank: Bank) -> None:
    incidents.begin(bank.app, "pause", "Ann")
    bank.later(hours=5)
    assert incidents.watch(bank.app, visits(0, 40)).endswith("pause")
    assert told(bank) is not None


def test_the_rule_can_be_switched_off(make_bank: MakeBank) -> None:
    bank = make_bank({r'(?m)^do = "slots"': 'do = "nothing"'})
    usually(bank, struggling=0, others=100)
    assert incidents.watch(bank.app, visits(40, 0)) == ""


@pytest.mark.parametrize("mode", ["slots", "pause"])
def test_the_check_up_shows_it(bank: Bank, mode: incidents.Mode) -> None:
    incidents.begin(bank.app, mode, "Ann")
    found = {one.about: one for one in check_up(bank.app, {}, {})}
    assert mode in found["incident"].says
    assert "Ann" in found["incident"].says
