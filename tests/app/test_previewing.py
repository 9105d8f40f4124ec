"""Before a trigger is live it is known what it would do: the same that it then does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from engage.app import frames, trigger_reach
from engage.app.candidates import candidates_of
from engage.app.frames import Scored
from engage.app.previewing import preview, to_be_tried
from engage.app.rehearsing import rehearse
from engage.app.trigger_approval import approve
from engage.app.trigger_reach import _with_drops, lately
from engage.decide.assignment import held_out
from engage.domain.scores import Subject
from engage.domain.triggers import TriggerState
from engage.errors import WrongUse
from engage.store import tables
from tests.app.trigger_files import hand_in, table
from tests.bank import Bank

NAME = "left_waiting"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MINUTES, COST = 8, 15
"""Of a call-back, as settings.toml has it."""


def hangs_up(bank: Bank, name: str, ago: timedelta = 5 * MINUTE, **person: Any) -> str:
    who = bank.cast.person(name, **person)
    again(bank, who, ago)
    return who


def again(bank: Bank, who: str, ago: timedelta, wait_s: float = 90.0) -> None:
    bank.cast.contact(who, ago=ago, abandoned=True, wait_s=wait_s, resolved="false")


def everything(bank: Bank) -> dict[str, int]:
    return {name: bank.count(f'"{name}"') for name in sorted(tables.metadata.tables)}


def test_the_counts_are_those_of_a_bank_that_fits_on_a_hand(bank: Bank) -> None:
    callers = [hangs_up(bank, f"caller {n}", n * DAY + HOUR) for n in range(12)]
    for n in range(3):
        hangs_up(bank, f"said no {n}", DAY, agreed=())
    bank.cast.exclude(hangs_up(bank, "mourning", agreed=()), "bereavement")
    again(bank, bank.cast.person("patient"), DAY, wait_s=30.0)
    again(bank, bank.cast.person("long ago"), 31 * DAY)
    bank.cast.tell()
    hand_in(bank, table(NAME))

    told = preview(bank.app, NAME)

    assert (told["version"], told["state"]) == (1, "draft")
    assert (told["looked_at"], told["fired"], told["people_fired"]) == (17, 16, 16)
    assert (told["qualified"], told["decisions"]) == (12, 12)
    assert told["refused"] == {"no_consent": 4, "excluded": 1}
    assert told["reasons"]["no_consent"] == "The person has not agreed to be contacted this way."

    of_all = held_out(callers, "global", 0.1, salt=bank.app.salt, epoch="1")
    of_it = held_out(callers, NAME, 0.5, salt=bank.app.salt, epoch="1") & ~of_all
    treated = 12 - int(of_all.sum()) - int(of_it.sum())
    assert told["held_out"] == {"global": int(of_all.sum()), "trigger": int(of_it.sum())}
    assert told["treated"] == treated > 0
    # Without exploration the one action is certain.
    assert told["actions"] == [
        {
            "action": "callback_slot",
            "expected": treated,
            "queue": "service",
            "agent_minutes": treated * MINUTES,
            "cost_minor": treated * COST,
        }
    ]
    assert told["queues"]["service"]["agent_minutes"] == treated * MINUTES


def test_staff_that_is_free_is_counted_from_the_settings(bank: Bank) -> None:
    hangs_up(bank, "ann", HOUR)
    bank.cast.tell()
    hand_in(bank, table(NAME, holdout=0))
    bank.later(hours=10)  # 20:00 UTC on Tuesday: the whole day's work is behind

    told = preview(bank.app, NAME, days=1)

    # Twelve agents from nine to eight, of whose time inbound calls need .7.
    assert told["queues"]["service"]["free"] == round(12 * 11 * 60 * 0.3, 1)


def test_nothing_is_written(bank: Bank) -> None:
    for n in range(3):
        hangs_up(bank, f"caller {n}")
        bank.left_form(f"visitor {n}")
    bank.cast.tell()
    hand_in(bank, table(NAME))
    before = everything(bank)

    assert preview(bank.app, NAME)["qualified"] == 3
    assert preview(bank.app, "application_abandoned")["qualified"] == 3

    assert everything(bank) == before


def test_what_was_foreseen_of_callers_is_what_then_happens(bank: Bank) -> None:
    for n in range(12):
        hangs_up(bank, f"caller {n}")
    hangs_up(bank, "said no", agreed=())
    bank.cast.tell()
    hand_in(bank, table(NAME, exploration=0.3))
    told = preview(bank.app, NAME)
    (turn,) = rehearsal(bank)

    approve(bank.app, NAME, by="bert")
    bank.run("plan_capacity", "score_interactions")

    columns = ("decision_id", "person_id", "arm", "action", "propensity", "draw", "stake_minor")
    happened = bank.rows(f"select {', '.join(columns)} from decisions where trigger = :t", t=NAME)
    foreseen = turn.decisions[list(columns)].to_dict("records")
    assert sorted(happened, key=by_id) == sorted(foreseen, key=by_id)
    assert told["qualified"] == len(happened) == 12
    arms = bank.rows("select arm_global, arm_trigger from decisions where trigger = :t", t=NAME)
    assert told["held_out"] == {
        "global": sum(row["arm_global"] == "held_out" for row in arms),
        "trigger": sum(row["arm_trigger"] == "held_out" for row in arms),
    }


def by_id(row: dict[str, Any]) -> str:
    return str(row["decision_id"])


def rehearsal(bank: Bank) -> list[Any]:
    acting = replace(to_be_tried(bank.app, NAME), state=TriggerState.LIVE)
    found = lately(bank.app, acting.subject)
    moments = found.looks.drop_columns(["person_id"])
    candidates = candidates_of(bank.app, found.scored, moments, (acting,))
    return rehearse(bank.app, acting, candidates, found.since, found.until).turns


def test_what_was_foreseen_of_visitors_is_what_then_happens(bank: Bank) -> None:
    for n in range(6):
        bank.left_form(f"visitor {n}")
    bank.cast.tell()

    told = preview(bank.app, "application_abandoned")
    bank.run("plan_capacity", "score_sessions")

    rows = bank.rows("select * from decisions where trigger = 'application_abandoned'")
    assert told["qualified"] == len(rows) == 6
    assert told["held_out"]["global"] == sum(row["arm_global"] == "held_out" for row in rows)
    assert told["held_out"]["trigger"] == sum(row["arm_trigger"] == "held_out" for row in rows)


def test_its_own_contacts_use_up_the_budget(bank: Bank) -> None:
    who = hangs_up(bank, "ann", 9 * DAY)
    again(bank, who, 9 * DAY - 40 * MINUTE)  # the promised call is still open
    again(bank, who, 9 * DAY - 10 * HOUR)  # one call in 24 hours
    again(bank, who, DAY)
    bank.cast.tell()
    hand_in(bank, table(NAME, holdout=0))

    told = preview(bank.app, NAME)

    assert (told["fired"], told["people_fired"]) == (4, 1)
    assert (told["qualified"], told["decisions"]) == (1, 2)
    assert told["refused"] == {}  # she was not refused altogether


def test_a_visit_is_decided_once_also_when_it_is_left_alone(bank: Bank) -> None:
    """Some are drawn to be left alone, so that no open offer stands in the way of another."""
    visitors = [bank.cast.person(f"visitor {n}") for n in range(8)]
    for who in visitors:
        for ago in (95, 70, 45, 20):  # four half hours, one visit
            bank.cast.event(who, "page", page="/card", ago=ago * MINUTE)
    bank.cast.tell()
    watching = {"subject": "session", "when": "pages >= 1", "goal": "application_submitted"}
    hand_in(bank, table(NAME, **watching, actions=["callback_slot"], holdout=0, exploration=1))

    told = preview(bank.app, NAME)

    assert told["decisions"] == told["qualified"] == len(visitors)
    # Evenly drawn between the call and leaving alone, by those who are not held out of everything.
    assert told["actions"][0]["expected"] == told["treated"] / 2


def test_hours_are_asked_as_of_each_moment(bank: Bank) -> None:
    """At two in the night no text may go out, and none waits until the morning; at eleven one may."""
    for n in range(4):
        hangs_up(bank, f"by day {n}", DAY + 5 * MINUTE)
        hangs_up(bank, f"by night {n}", DAY + 9 * HOUR)
    bank.cast.tell()
    text = table(NAME, actions=["sms_followup"], holdout=0, validity_min=10)
    hand_in(bank, text)

    told = preview(bank.app, NAME)

    assert told["qualified"] == 4
    assert told["refused"] == {"quiet_hours": 4}


def test_what_the_history_holds_counts_too(bank: Bank) -> None:
    hangs_up(bank, "ann", 20 * DAY)
    bank.cast.tell()
    hand_in(bank, table(NAME, holdout=0))
    told = preview(bank.app, NAME)

    bank.later(days=2)
    bank.app.history.archive(bank.app.now(), hot_d=1)

    assert bank.count("interactions") == 0
    assert preview(bank.app, NAME)["qualified"] == told["qualified"] == 1


def test_the_version_that_waits_is_previewed_or_the_one_that_is_named(bank: Bank) -> None:
    for n in range(6):
        hangs_up(bank, f"caller {n}")
    bank.cast.tell()
    hand_in(bank, table(NAME, holdout=0))
    hand_in(bank, table(NAME, holdout=0, when="wait_s > 100", version=1))

    assert preview(bank.app, NAME)["fired"] == 0
    assert preview(bank.app, NAME, number=1)["fired"] == 6
    with pytest.raises(WrongUse, match="left_waiting has no version 3; the newest is 2"):
        preview(bank.app, NAME, number=3)


def test_a_trigger_that_singles_nobody_out_is_told(bank: Bank) -> None:
    for n in range(20):
        hangs_up(bank, f"caller {n}")
    bank.cast.tell()
    hand_in(bank, table(NAME))
    (words,) = preview(bank.app, NAME)["warnings"]
    assert words.startswith(
        "left_waiting singles nobody out: it fires for 20 of 20 contacts (100%)"
    )


def test_a_month_in_which_nothing_happened_says_so(bank: Bank) -> None:
    told = preview(bank.app, "call_abandoned")
    assert told["warnings"] == [
        "nothing of these days is stored, so there was nothing to try it on"
    ]
    assert (told["looked_at"], told["qualified"], told["actions"]) == (0, 0, [])


@pytest.mark.parametrize(
    ("name", "days", "words"),
    [
        ("call_abandonned", 30, "did you mean 'call_abandoned'"),
        ("call_abandoned", 0, "--days 0: try it on one day at least"),
        ("of_people", 30, "whom no job looks at yet"),
    ],
)
def test_what_cannot_be_previewed_says_why(bank: Bank, name: str, days: int, words: str) -> None:
    hand_in(bank, table("of_people", subject="person", when="true"))
    with pytest.raises(WrongUse, match=words):
        preview(bank.app, name, days=days)


def test_a_trigger_may_wait_for_a_score_to_fall(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = bank.cast.person("ann")
    for ago in (9, 6, 3):
        bank.cast.event(who, "page", page="/card", ago=ago * MINUTE)
    bank.cast.tell()

    def falling(*asked: Any) -> Scored:
        scored = frames.score_subjects(*asked)
        place = scored.frame.column_names.index("session_intent")
        fallen = [0.9 - 0.1 * look for look in range(scored.frame.num_rows)]
        return replace(scored, frame=scored.frame.set_column(place, "session_intent", [fallen]))

    monkeypatch.setattr(trigger_reach, "score_subjects", falling)
    waits = {"subject": "session", "goal": "application_submitted"}
    hand_in(bank, table(NAME, **waits, when="session_intent_drop >= 0.25"))
    hand_in(bank, table("too_far", **waits, when="session_intent_drop >= 0.95"))

    assert preview(bank.app, NAME)["fired"] == 1
    assert preview(bank.app, "too_far")["fired"] == 0


def test_a_drop_is_held_against_the_earlier_looks_of_the_same_visit(bank: Bank) -> None:
    looked = {
        "subject_id": ["v", "w", "v", "v", "v"],
        "as_of": pa.array([1, 1, 2, 3, 4], pa.timestamp("us")),
        "session_intent": [0.25, 0.5, 0.75, None, 0.5],
        "session_intent_drop": [0.0] * 5,
        "session_struggle": pa.nulls(5, pa.float64()),
        "session_struggle_drop": [0.0] * 5,
    }
    frame = _with_drops(bank.app, pa.table(looked))
    assert {name for name, m in bank.app.models.items() if m.subject is Subject.SESSION} == {
        "session_intent",
        "session_struggle",
    }
    assert frame["session_intent_drop"].to_pylist() == [0, 0, 0, None, 0.25]
    assert frame["session_struggle_drop"].to_pylist() == [None] * 5
