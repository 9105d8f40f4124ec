"""What a rehearsal adds up to, on a handful of decisions written by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from engage.decide.decided import Decided
from engage.decide.tally import tally
from engage.domain.actions import Action

ACTIONS = {
    "call": Action("call", "callback", cost_minor=15, agent_minutes=8, queue="service"),
    "text": Action("text", "sms", cost_minor=8),
}
NOTHING = pd.DataFrame()


def turn(decided: list[dict[str, Any]], refused: list[tuple[str, list[str]]]) -> Decided:
    refusals = pd.DataFrame([{"person_id": who, "reasons": why} for who, why in refused])
    return Decided(pd.DataFrame(decided), refusals, *[NOTHING] * 5)


def decision(who: str, chances: dict[str, float], out: str = "") -> dict[str, Any]:
    held = {"global": "held_out", "trigger": "treated"}.get(out, "treated")
    return {
        "person_id": who,
        "arm": "held_out" if out else "treated",
        "arm_global": held,
        "arm_trigger": None if out == "global" else "held_out" if out else "treated",
        "propensities": chances,
    }


def test_people_count_once_and_actions_by_their_chances() -> None:
    first = turn(
        [
            decision("ann", {"call": 0.9, "none": 0.1}),
            decision("bob", {"call": 0.5, "text": 0.3, "none": 0.2}),
            decision("cyd", {"call": 1.0, "none": 0.0}, out="global"),
            decision("dan", {"call": 1.0, "none": 0.0}, out="trigger"),
        ],
        [("eve", ["no_consent", "quiet_hours"]), ("fay", ["no_consent"]), ("gus", ["cap"])],
    )
    second = turn(
        [decision("ann", {"text": 0.6, "none": 0.4}), decision("gus", {"call": 1.0, "none": 0.0})],
        [("fay", ["no_consent"])],
    )

    told = tally([first, second], ACTIONS)

    assert (told["qualified"], told["decisions"], told["treated"]) == (5, 6, 3)
    assert told["held_out"] == {"global": 1, "trigger": 1}
    # Gus qualified later; Fay was refused twice for the same.
    assert told["refused"] == {"no_consent": 2, "quiet_hours": 1}
    call, text = told["actions"]
    assert (call["action"], call["expected"]) == ("call", 0.9 + 0.5 + 1.0)
    assert (call["agent_minutes"], call["cost_minor"]) == (19.2, 36)  # 2.4 x 8, 2.4 x 15
    assert (text["expected"], text["agent_minutes"]) == (round(0.3 + 0.6, 3), 0)
    assert text["cost_minor"] == 7.2  # 0.9 x 8


def test_nothing_adds_up_to_nothing() -> None:
    told = tally([], ACTIONS)
    assert (told["qualified"], told["decisions"], told["treated"]) == (0, 0, 0)
    assert (told["refused"], told["actions"]) == ({}, [])
