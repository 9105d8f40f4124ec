"""An hour goes to whom a policy names, and its worth is the truth's: by cases small enough to add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from benchmarks.agent_hours import ORDERS, Desk, Staff, booked_by_engage, by_list
from benchmarks.agent_hours_bank import Bank, Played
from benchmarks.agent_hours_table import OURS, Result, interval, table
from engage.decide.decided import Decided
from engage.domain.ids import Prefix, derive
from engage.simulate.course import HELPED
from engage.simulate.world import World
from engage.store import Store, slots
from tests.store.samples import rows

TRIGGER = "application_abandoned"
AT = datetime(2026, 3, 4, 10, tzinfo=UTC)
PEOPLE = 60


def decided(subjects: list[str], people: list[str], slot_ids: str = "next") -> Decided:
    """Return a decision for each to be called in a slot."""
    ids = [derive(Prefix.DECISION, one) for one in subjects]
    told = pd.DataFrame(
        {"decision_id": ids, "person_id": people, "subject_id": subjects, "trigger": TRIGGER}
    )
    messages = told.assign(
        action="callback_slot",
        channel="callback",
        expires_at=pd.Timestamp("2026-03-05"),
        details=pd.Series(
            [{"trigger": TRIGGER, "subject_id": one, "slot_ids": slot_ids} for one in subjects],
            dtype=object,
        ),
        **{"class": "marketing"},
    )
    none = told.head(0)
    return Decided(
        told.assign(arm="treated", action="callback_slot"),
        none, none, none, messages, none, none,
    )  # fmt: skip


@dataclass(frozen=True)
class _Rules:
    minimum_minor: int = 0


@dataclass(frozen=True)
class _Trigger:
    validity: timedelta = timedelta(hours=24)
    exploration: float = 0.1


@dataclass
class OpenDesk:
    """A desk without any rule: everybody who waits may be called."""

    bank: Bank
    triggers: Mapping[str, _Trigger] = field(default_factory=lambda: {TRIGGER: _Trigger()})
    app: Any = field(default_factory=lambda: SimpleNamespace(rules=_Rules()))

    def decide(self, played: Played, asked: pd.DataFrame, *_: object) -> Decided:
        made = decided(asked["subject_id"].tolist(), asked["person_id"].tolist())
        played.met(made)
        return made


@pytest.fixture(scope="module")
def bank() -> Bank:
    """Return three people of a small bank who came up one after the other."""
    world = World(PEOPLE, 1, weeks_live=1)
    needs = np.arange(3)
    who = world._bank.needs.person[needs]
    candidates = pd.DataFrame(
        {
            "trigger": TRIGGER,
            "subject_id": ["ses_first", "ses_risk", "ses_rich"],
            "person_id": world._bank.people.ids.take(who).to_pylist(),
            "as_of": pd.Timestamp("2026-03-04 09:30"),
            "moment": pd.Timestamp("2026-03-04 09:00"),
            "stake_minor": [10, 20, 300],
            "score": [0.1, 0.9, 0.5],
            "need": -1,
            "who": -1,
            "at": [1, 2, 3],
        }
    )
    return Bank(Path(), PEOPLE, 1, 1, candidates, {})


@pytest.mark.parametrize(
    ("policy", "called"),
    [
        ("most at stake first", ["ses_rich", "ses_risk", "ses_first"]),
        ("highest score first", ["ses_risk", "ses_rich", "ses_first"]),
        ("first come, first served", ["ses_first", "ses_risk", "ses_rich"]),
    ],
)
def test_each_list_gives_its_agents_to_whom_it_names(
    bank: Bank, policy: str, called: list[str]
) -> None:
    for places in (1, 2, 3):
        desk = OpenDesk(bank)
        staff = {AT: Staff(0.0, 8.0 * places)}
        played = by_list(cast("Desk", desk), staff, ORDERS[policy], 1)
        assert played.diary.decided == set(called[:places])
        assert (played.calls, played.minutes) == (places, 8.0 * places)


def test_a_list_at_random_hangs_on_its_lots_alone(bank: Bank) -> None:
    desk = OpenDesk(bank)
    staff = {AT: Staff(0.0, 8.0)}
    lots = [by_list(cast("Desk", desk), staff, ORDERS["at random"], k) for k in range(20)]
    assert {one for played in lots for one in played.diary.decided} == set(
        bank.candidates["subject_id"]
    )


def test_nobody_waits_beyond_the_trigger_s_validity(bank: Bank) -> None:
    desk = OpenDesk(bank)
    late = {AT + timedelta(days=1): Staff(0.0, 80.0)}
    assert by_list(cast("Desk", desk), late, ORDERS["at random"], 1).calls == 0


def test_a_place_is_booked_once_and_who_comes_too_late_is_not_called(store: Store) -> None:
    begins = AT + timedelta(hours=1)
    slot = {"slot_id": "s", "queue": "service", "starts_at": begins, "capacity": 1}
    made = decided(["ses_a", "ses_b"], ["per_a", "per_b"], slot_ids="s")
    with store.write() as tx:
        slots.publish(tx, rows({**slot, "ends_at": begins + timedelta(minutes=30)}))
        given = booked_by_engage(tx, made, 0.0, AT)
    first = made.messages["decision_id"].iloc[0]
    assert given == {first: np.datetime64(begins.replace(tzinfo=None), "us")}


def test_what_calls_bring_is_the_margin_of_those_they_helped() -> None:
    world = World(400, 1, weeks_live=2)
    alone = Played(world)
    assert (alone.gained() == 0).all()
    visits = world._bank.visits
    live = np.flatnonzero(visits.start > world._bank.start)[:150]
    matter = visits.matter[live]
    people = world._bank.people.ids.take(world._bank.matters.person[matter]).to_pylist()
    made = decided([f"ses_{k}" for k in range(len(live))], people)
    when = (visits.start[live] + 60_000_000).astype("datetime64[us]")
    alone.call(made, dict(zip(made.messages["decision_id"], when, strict=True)), 8.0)
    gained, log = alone.gained(), world._log
    assert alone.minutes == 8.0 * len(live)
    helped = set(log.person[log.outcome == HELPED].tolist())
    assert gained.sum() > 0
    assert set(np.flatnonzero(gained > 0).tolist()) <= helped


def test_an_hour_s_worth_and_its_interval_are_those_of_the_textbook() -> None:
    assert Result(gain=90.0, hours=1.5, served=3, permitted=12).per_hour == 60.0
    assert Result(gain=0.0, hours=0.0, served=0, permitted=12).per_hour == 0.0
    mean, half = interval([1.0, 2.0, 3.0])
    # Student's t of two degrees of freedom is 4.303; the spread is 1.
    assert mean == 2.0
    assert half == pytest.approx(4.303 / np.sqrt(3), rel=1e-3)


def test_differences_are_taken_within_each_bank() -> None:
    pairs = [(100.0, 60.0), (300.0, 260.0), (500.0, 460.0)]
    banks = [
        {OURS: Result(a, 1.0, 1, 2), "other": Result(b, 1.0, 1, 2)} for a, b in pairs
    ]  # fmt: skip
    (line,) = (one for one in table(banks).splitlines() if one.startswith("other"))
    assert line.split()[-6:] == ["40", "±", "0", "40", "±", "0"]
