"""Laws of a whole run: the same in any order and division, once per person, all of it written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from engage.decide.decided import Decided
from engage.domain.actions import ContactClass
from engage.domain.scores import Subject
from engage.errors import WrongUse
from tests.decide.world import DAY, HOUR, NOON, World, only, person, trigger, us

TABLES = (
    "decisions", "qualifications", "refusals", "assignments", "ghosts", "messages", "contacts"
)  # fmt: skip


def town(n: int = 300) -> tuple[World, pd.DataFrame]:
    """Return people of all kinds and about two candidates for each of them."""
    draw = np.random.default_rng(7)
    zones = [("Europe/Berlin",), ("America/New_York",), ("Europe/Berlin", "Asia/Tokyo"), ()]
    people = {
        f"per_{i}": person(
            zones=zones[draw.integers(4)],
            has_phone=bool(draw.random() < 0.8),
            suppressed=bool(draw.random() < 0.05),
            must_serve=bool(draw.random() < 0.03),
            sms_24h=int(draw.integers(2)),
            arm_global=[None, "treated", "held_out"][draw.integers(3)],
            by_subject={("chat", f"ses_{2 * i}"): 1} if draw.random() < 0.2 else None,
            **{"consent:sms": us(NOON - DAY) if draw.random() < 0.7 else None},
        )
        for i in range(n)
    }
    world = World(
        triggers=(
            trigger("night", holdout=0.3, exploration=0.4, variants=("a", "b", "c")),
            trigger("calm", actions=("call_now", "sms", "callback"), holdout=0.2, exploration=0.2),
            trigger("asked", actions=("sms",), contact_class=ContactClass.REQUESTED),
        ),
        people=people,
        plan=replace(World().plan, free_now={"chat": 9.0}),
        rules=replace(World().rules, holdout_global=0.15),
    )
    rows = [
        world.candidate(
            trigger=["night", "calm", "asked"][draw.integers(3)],
            subject_id=f"ses_{i}",
            person_id=f"per_{i // 2}",
            stake_minor=int(draw.integers(500, 300_000)),
            views=int(draw.integers(5)),
            session_intent=float(draw.random()) if draw.random() < 0.9 else None,
            local=None if draw.random() < 0.5 else "evening",
        )
        for i in range(2 * n)
    ]
    return world, pd.DataFrame(rows)


def told(parts: Sequence[Decided]) -> dict[str, list[str]]:
    """Return every table of these runs as bytes would be written, row by row, in one order."""
    tables = [part.tables() for part in parts]
    return {
        name: sorted(str(row) for part in tables for row in part[name].to_pylist())
        for name in TABLES
    }


def test_the_order_of_rows_leaves_no_trace() -> None:
    world, rows = town()
    once = world.decide(rows).tables()
    for seed in range(3):
        shuffled = rows.sample(frac=1, random_state=seed)
        world_again = world.but(
            people=dict(sorted(world.people.items(), key=lambda one: hash((seed, one[0]))))
        )
        again = world_again.decide(shuffled).tables()
        for name in (*TABLES, "refusal_counts"):
            assert again[name].equals(once[name]), name


def test_dividing_the_people_over_several_runs_changes_nothing() -> None:
    world, rows = town()
    whole = told([world.decide(rows)])
    for parts in (2, 7):
        batch = rows["person_id"].map(lambda who, parts=parts: int(who[4:]) % parts)
        split = [world.decide(rows[batch == part]) for part in range(parts)]
        assert told(split) == whole


def test_a_person_gets_one_decision_in_a_run_and_every_candidate_an_answer() -> None:
    world, rows = town()
    decided = world.decide(rows)
    assert decided.decisions["person_id"].is_unique
    assert len(decided.decisions) + len(decided.refusals) == len(rows)
    assert all(decided.refusals["reasons"].map(len))


def test_each_action_has_its_message_and_its_place_in_the_budget() -> None:
    world, rows = town()
    decided = world.decide(rows)
    acted = decided.decisions[decided.decisions["action"] != "none"]
    assert 50 < len(acted) < len(decided.decisions)
    assert decided.messages["decision_id"].tolist() == acted["decision_id"].tolist()
    assert decided.contacts["decision_id"].tolist() == acted["decision_id"].tolist()
    assert decided.messages["action"].tolist() == acted["action"].tolist()
    assert decided.messages["message_id"].is_unique
    assert (decided.messages["expires_at"] > decided.messages["due_at"]).all()
    assert (decided.contacts["at"] == decided.messages["due_at"]).all()


def test_what_is_allowed_is_what_has_a_chance() -> None:
    world, rows = town()
    for decision in world.decide(rows).decisions.to_dict("records"):
        assert set(decision["propensities"]) == {*decision["allowed"], "none"}
        assert sum(decision["propensities"].values()) == pytest.approx(1)
        refused = {a for a, parts in decision["values"].items() if parts["refused"]}
        assert refused | set(decision["allowed"]) == set(decision["values"])
        assert not refused & set(decision["allowed"])


def test_what_is_stored_fits_arrow_and_the_columns_of_the_store() -> None:
    world, rows = town(40)
    tables = world.decide(rows).tables()
    decisions = tables["decisions"].schema
    assert decisions.field("decided_at").type == pa.timestamp("us")
    assert decisions.field("values").type == pa.string()
    assert tables["messages"].schema.field("details").type == pa.string()
    assert tables["qualifications"].num_rows == tables["decisions"].num_rows
    assert set(tables["contacts"].column_names) == {
        "decision_id", "person_id", "subject_id", "channel", "class", "at", "state"
    }  # fmt: skip
    counts = tables["refusal_counts"].to_pandas()
    reasons = world.decide(rows).refusals["reasons"]
    assert counts["n"].sum() == reasons.map(len).sum()


def test_everything_that_led_to_a_decision_is_stored_with_it() -> None:
    world = World(people={"per_a": person(arm_global=None)})
    candidate = world.candidate(
        views=3,
        session_intent=0.4,
        journey=None,
        seen=us(NOON),
        artifacts={"session_intent": "art_1"},
    )
    decision = only(world.decide([candidate]).decisions)
    assert decision["features"] == {
        "views": 3,
        "session_intent": 0.4,
        "seen": "2026-11-03 12:00:00",
    }
    assert decision["artifacts"] == {"session_intent": "art_1"}
    assert decision["plan_version"] == "plan-1"
    assert decision["policy_version"] == "policy-1"
    assert decision["trigger_version"] == 1
    assert decision["run_id"] == "run_1"
    assert decision["stake_minor"] == 100_000
    assert 0 <= decision["draw"] < 1
    assert decision["decided_at"] == decision["known_at"] == pd.Timestamp("2026-11-03 12:00")
    assert decision["horizon_until"] == pd.Timestamp("2026-11-17 12:00")
    assert decision["qualified"]
    assert decision["source"] == "engage"


def test_a_decision_made_again_has_the_same_id_and_the_same_draw() -> None:
    first = only(World().decide().decisions)
    later = World(now=NOON + timedelta(minutes=5))
    again = only(later.decide([later.candidate()], run_id="run_2").decisions)
    assert again["decision_id"] == first["decision_id"]
    assert again["draw"] == first["draw"]


def test_another_key_draws_otherwise() -> None:
    first, other = (only(World().decide(secret=key).decisions)["draw"] for key in (b"a", b"b"))
    assert first != other


def test_variants_are_drawn_evenly_and_told_in_the_message() -> None:
    people = {f"per_{i}": person() for i in range(900)}
    world = World(people=people).with_trigger(variants=("warm", "brief", "plain"))
    rows = [world.candidate(person_id=who, subject_id=f"ses_{who}") for who in people]
    details = world.decide(rows).messages["details"]
    counts = details.map(lambda one: one["variant"]).value_counts()
    assert set(counts.index) == {"warm", "brief", "plain"}
    assert counts.min() > 240  # 300 each, give or take four standard deviations of 14
    assert details[0]["trigger"] == "night"
    assert details[0]["subject_id"].startswith("ses_per_")


def test_nobody_to_decide_for_gives_empty_tables_of_the_same_shape() -> None:
    rows = pd.DataFrame([World().candidate()])
    some, none = World().decide(rows).tables(), World().decide(rows[:0]).tables()
    for name, table in none.items():
        assert table.num_rows == 0
        assert table.schema.equals(some[name].schema), name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trigger": "unheard_of"}, "unheard_of"),
        ({"person_id": "per_z"}, "per_z"),
    ],
)
def test_a_candidate_that_names_what_nobody_knows_stops_the_run(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(WrongUse, match=message):
        World().decide([World().candidate(**change)])


def test_a_missing_column_is_named() -> None:
    rows = pd.DataFrame([World().candidate()]).drop(columns="moment")
    with pytest.raises(WrongUse, match="moment"):
        World().decide(rows)


def test_an_action_that_is_not_defined_stops_the_run() -> None:
    with pytest.raises(WrongUse, match="carrier_pigeon"):
        World().with_trigger(actions=("carrier_pigeon",)).decide()


def test_a_moment_without_a_zone_stops_the_run() -> None:
    world = World(now=NOON.replace(tzinfo=None))
    with pytest.raises(WrongUse, match="no zone"):
        world.decide([World().candidate()])


def test_times_of_any_resolution_are_the_same_times() -> None:
    rows = pd.DataFrame([World().candidate()])
    for unit in ("s", "ms", "ns"):
        kind = f"datetime64[{unit}]"
        finer = rows.astype({"as_of": kind, "moment": kind})
        assert (
            World()
            .decide(finer)
            .tables()["messages"]
            .equals(World().decide(rows).tables()["messages"])
        )


def test_a_subject_without_a_moment_or_features_of_unknown_age_is_refused() -> None:
    world = World()
    nat = np.datetime64("NaT", "us")
    assert world.refused([world.candidate(moment=nat)]) == ["expired"]
    assert world.refused([world.candidate(as_of=nat)]) == ["stale_features"]


def test_a_person_comes_up_again_after_the_validity() -> None:
    world = World().with_trigger(subject=Subject.PERSON, actions=("sms",), validity=24 * HOUR)
    at = {0: NOON, 1: NOON + 11 * HOUR, 2: NOON + 13 * HOUR}
    ids = [
        only(world.decide([world.candidate(subject_id="per_a", moment=us(moment))]).decisions)[
            "decision_id"
        ]
        for moment in at.values()
    ]
    # The stretches of 24 hours are counted from 1970, so they change at midnight UTC.
    assert ids[0] == ids[1] != ids[2]


def test_a_visit_and_a_contact_are_decided_once_however_long_they_last() -> None:
    for subject in (Subject.SESSION, Subject.INTERACTION):
        world = World().with_trigger(subject=subject, actions=("sms",))
        first = only(world.decide().decisions)["decision_id"]
        later = world.candidate(moment=us(NOON - 5 * HOUR))
        assert only(world.decide([later]).decisions)["decision_id"] == first


def test_an_appointment_that_was_moved_is_decided_again() -> None:
    world = World().with_trigger(subject=Subject.APPOINTMENT, actions=("sms",))
    ids = {
        only(world.decide([world.candidate(moment=us(NOON + hours * HOUR))]).decisions)[
            "decision_id"
        ]
        for hours in (3, 3, 4)
    }
    assert len(ids) == 2


def test_a_new_version_of_a_trigger_decides_anew() -> None:
    first, second = (
        only(World().with_trigger(version=version).decide().decisions)["decision_id"]
        for version in (1, 2)
    )
    assert first != second
