"""The long-term group, the rotating group, and the time between two turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

from engage.decide.assignment import assign
from engage.decide.board import lay_out
from engage.decide.decided import Decided
from engage.domain.actions import ContactClass
from engage.domain.assignments import long_term_scope, span_of, turn_scope
from tests.decide.test_assignment import everyone
from tests.decide.world import ALWAYS, DAY, NOON, World, person, trigger

# NOON is 3 November 2026, day 20,760 since 1970 and the first of a turn of 30: 20,760 = 692 x 30.
TURN = "global@2026-11-03/2026-12-03"
NEXT = "global@2026-12-03/2027-01-02"
LONG = "long_term@2027-06-30"
RULES = replace(
    World().rules,
    holdout_global=0.2,
    rotation_d=30,
    washout_d=14,
    long_term=0.1,
    long_term_until=date(2027, 6, 30),
)


def world(n: int = 1, now: datetime = NOON, known: Mapping[str, Any] | None = None) -> World:
    people = {f"per_{one}": person(arm_global=None, **(known or {})) for one in range(n)}
    return World(
        triggers=(trigger(holdout=0.5),), people=people, rules=RULES, now=now
    ).with_consent_at(now - DAY)


def decided(world: World) -> Decided:
    return world.decide(everyone(world))


def arms(found: Decided, scope: str) -> pd.Series[Any]:
    mine = found.assignments[found.assignments["scope"] == scope]
    return mine.set_index("person_id")["arm"]


def one(found: Decided) -> tuple[Any, Any]:
    (row,) = found.decisions.to_dict("records")
    return row["arm"], row["arm_global"]


def test_turns_follow_one_another_by_the_calendar() -> None:
    assert (date(2026, 11, 3) - date(1970, 1, 1)).days == 692 * 30
    assert turn_scope(692 * 30, 30) == turn_scope(692 * 30 + 29, 30) == TURN
    assert turn_scope(693 * 30, 30) == NEXT
    span = span_of(NEXT)
    assert span is not None
    assert (span.ends, span.long_term) == (date(2027, 1, 2), False)
    assert long_term_scope(date(2027, 6, 30)) == LONG
    assert [span_of(name) for name in ("global", "night", "global@soon")] == [None, None, None]


def test_each_is_drawn_for_the_long_term_group_first_and_then_for_the_turn() -> None:
    found = decided(world(4_000))
    long, turn = arms(found, LONG), arms(found, TURN)
    # .1 of 4,000 and .2 of the other 3,600, each give or take four standard deviations (19, 24).
    assert len(long) == 4_000
    assert abs((long == "held_out").sum() - 400) < 76
    assert set(turn.index) == set(long[long == "treated"].index)
    assert abs((turn == "held_out").sum() - 0.2 * len(turn)) < 102
    held = {*long[long == "held_out"].index, *turn[turn == "held_out"].index}
    whole = found.decisions.set_index("person_id")["arm_global"]
    assert set(whole[whole == "held_out"].index) == held
    shares = found.assignments.groupby("scope")["share"].unique()
    assert (shares[LONG].tolist(), shares[TURN].tolist()) == ([0.1], [0.2])


def test_the_next_turn_draws_others() -> None:
    first = arms(decided(world(4_000)), TURN)
    later = arms(decided(world(4_000, now=NOON + 30 * DAY)), NEXT)
    grid = pd.crosstab(first, later.reindex(first.index))
    assert grid.shape == (2, 2)
    assert chi2_contingency(grid).pvalue > 0.001


@pytest.mark.parametrize(
    ("days", "scope", "arm", "expected"),
    [
        # Until the last second of the turn the stored arm holds, ...
        (29.4, TURN, "held_out", ("held_out", "held_out")),
        (29.4, TURN, "treated", ("treated", "treated")),
        # ... then whoever was held out is in washout for 14 days: approached, on neither side.
        (30, TURN, "held_out", ("treated", None)),
        (43.4, TURN, "held_out", ("treated", None)),
        # The long-term group is left alone until its day, and goes into washout like the other.
        (238.4, LONG, "held_out", ("held_out", "held_out")),
        (239, LONG, "held_out", ("treated", None)),
    ],
)
def test_an_arm_holds_until_its_day_and_washout_follows(
    days: float, scope: str, arm: str, expected: tuple[str, str | None]
) -> None:
    # 30 June 2027 is day 239 after 3 November 2026; .4 of a day after noon is 21:36.
    here = world(now=NOON + timedelta(days=days), known={f"arm:{scope}": arm})
    here = here.with_trigger(holdout=0.0, contact_class=ContactClass.SERVICE)
    open_always: Any = {"DE": {ContactClass.SERVICE: (ALWAYS,)}}
    here = here.but(rules=replace(here.rules, windows=open_always, long_term=0.0))
    assert one(decided(here)) == expected


def test_after_washout_and_after_a_treated_turn_one_is_drawn_anew() -> None:
    # Washout is over on 17 December, day 44; noon of day 43 is in it.
    for days, arm in ((44, "held_out"), (30, "treated")):
        known = {f"arm:{TURN}": arm, f"arm:{LONG}": "treated"}
        found = decided(world(now=NOON + days * DAY, known=known))
        assert NEXT in set(found.assignments["scope"]), (days, arm)
        assert LONG not in set(found.assignments["scope"])


def test_in_washout_nobody_is_drawn_and_a_triggers_arm_still_holds() -> None:
    now = NOON + 31 * DAY
    found = decided(world(now=now, known={f"arm:{TURN}": "held_out"}))
    assert found.assignments.empty
    assert one(found) == ("treated", None)
    found = decided(world(now=now, known={f"arm:{TURN}": "held_out", "arm:night": "held_out"}))
    assert one(found) == ("held_out", None)
    assert found.messages.empty


@pytest.mark.parametrize(
    "changes",
    [
        {"rotation_d": 7},
        {"rotation_d": 0},
        {"holdout_global": 0.99},
        {"epoch": "2"},
        {"long_term": 0.99},
        {"long_term_until": date(2026, 12, 1)},
    ],
)
@pytest.mark.parametrize("scope", [TURN, LONG])
def test_another_setting_draws_nobody_anew_whose_arm_still_holds(
    changes: dict[str, Any], scope: str
) -> None:
    known = {f"arm:{LONG}": "treated"} | {f"arm:{scope}": "held_out"}
    here = world(now=NOON + 3 * DAY, known=known)
    here = here.but(rules=replace(here.rules, **changes))
    found = decided(here)
    assert one(found) == ("held_out", "held_out")
    assert found.assignments.empty
    kept = world(now=NOON + 3 * DAY, known={f"arm:{LONG}": "treated", f"arm:{TURN}": "treated"})
    kept = kept.but(rules=replace(kept.rules, **changes))
    assert one(decided(kept))[1] == "treated"


def test_who_was_drawn_for_ever_stays_so_when_turns_begin() -> None:
    found = World(people={"per_a": person(arm_global="held_out")}, rules=RULES).decide()
    assert one(found) == ("held_out", "held_out")
    assert found.assignments.empty


def test_without_turns_there_is_one_draw_that_never_ends() -> None:
    here = world(50)
    here = here.but(rules=replace(RULES, rotation_d=0, long_term=0.0))
    assert set(decided(here).assignments["scope"]) == {"global", "night"}


def test_the_long_term_group_takes_nobody_in_after_its_end() -> None:
    found = decided(world(50, now=datetime(2027, 7, 1, 12, tzinfo=NOON.tzinfo)))
    assert not any(str(one).startswith("long_term") for one in found.assignments["scope"])


def test_a_replayed_decision_is_drawn_in_the_turn_of_its_own_moment() -> None:
    here = world(2, now=NOON)
    rows = [
        here.candidate(person_id=who, subject_id=f"ses_{who}", as_of=np.datetime64(at))
        for who, at in zip(here.people, ("2026-11-04T10:00", "2026-12-04T10:00"), strict=True)
    ]
    board = lay_out(
        pd.DataFrame(rows), {"night": here.triggers[0]}, here.actions, here.context, NOON
    )
    board = replace(board, now=np.datetime64("NaT", "us"))
    made = assign(board, np.arange(2), replace(RULES, long_term=0.0), b"salt").new
    assert set(made["scope"]) - {"night"} == {TURN, NEXT}
