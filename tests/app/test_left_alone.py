"""After launch a model learns from a fair sample of what happens to people who are left alone."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest

from engage.app.left_alone import chances_alone
from engage.app.training import training_set
from tests.bank import Bank

LOOKERS = 400


@pytest.fixture
def launched(bank: Bank) -> Bank:
    """Return a bank 15 days after 60 people left a form and many others only looked at a page."""
    for number in range(LOOKERS):
        who = bank.cast.person(f"looker {number}")
        bank.cast.event(who, "page", page="/card", ago=timedelta(minutes=14))
    bank.abandon_forms(60)
    bank.later(days=15)
    bank.run("archive_history")
    return bank


def test_the_chance_to_be_left_alone_is_that_of_the_log(launched: Bank) -> None:
    found = chances_alone(launched.app).to_pylist()
    rows = launched.rows("select person_id, propensities, arm_trigger from decisions")
    none = {row["person_id"]: json.loads(row["propensities"])["none"] for row in rows}
    assert {row["person_id"]: row["chance"] for row in found} == none
    assert {row["share_global"] for row in found} == {0.1}
    # Whoever is held out of everything has no arm of the trigger, but would have had one.
    assert [row for row in rows if not row["arm_trigger"]]
    assert {row["share_trigger"] for row in found} == {0.5}


def test_training_takes_those_left_alone_for_all_of_them(launched: Bank) -> None:
    model = launched.app.models["session_intent"]
    data = training_set(launched.app, model, launched.app.now())

    rows = launched.rows("select person_id, action, propensities from decisions")
    treated = {row["person_id"] for row in rows if row["action"] != "none"}
    alone = {row["person_id"]: row for row in rows if row["action"] == "none"}
    people = np.array(data.frame["person_id"].to_pylist())
    known = dict(zip(people, np.isfinite(data.label), strict=True))
    assert not any(known[one] for one in treated)
    # .1 are held out of everything, .5 of the rest of the trigger, the rest by the draw.
    chance = {
        who: 0.1 + 0.9 * (0.5 + 0.5 * json.loads(row["propensities"])["none"])
        for who, row in alone.items()
    }
    rarest = min(chance.values())
    assert all(known[who] for who, one in chance.items() if one == pytest.approx(rarest))
    lookers = [known[one] for one in people if one not in treated and one not in alone]
    # As many lookers are taken as are left alone among those who left a form.
    assert np.mean(lookers) == pytest.approx(rarest, abs=0.08)
    assert len(lookers) >= LOOKERS
