"""A band below a trigger's threshold is explored, can be followed, and can be made again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engage.app.effects import build_report
from engage.app.explaining import explain
from engage.app.replay.replaying import replay
from engage.app.trigger_edits import apply, read
from engage.app.triggers import switch
from engage.clock import MovingClock
from engage.domain.triggers import TriggerState
from engage.errors import PredicateRefused, SettingsError
from tests.app.test_replay import failed, names_exactly
from tests.bank import LAUNCH, SECRET, Bank

VISITORS = 40
NEARLY = """
[triggers.nearly]
subject = "session"
when = "form_started >= 1 and session_struggle >= 0.999"
class = "service"
actions = ["sms_followup"]
goal = "journey_finished"
horizon_h = 24
stake_minor = 500000
holdout = 0.5
exploration = 0.4
band = 0.998
"""
"""Everybody scores in the band: between .001 and .999."""


@pytest.fixture(scope="module")
def explored(learned_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """Return a bank with one live trigger, for which nobody qualifies but from its band."""
    folder = Path(shutil.copytree(learned_once, tmp_path_factory.mktemp("explored") / "bank"))
    settings = folder / "settings.toml"
    settings.write_text(settings.read_text() + NEARLY)
    bank = Bank(folder, {"ENGAGE_SECRET": SECRET}, MovingClock(LAUNCH))
    for name in bank.app.settings.triggers:
        if name != "nearly":
            switch(bank.app, name, TriggerState.PAUSED)
    bank.later(hours=9)
    bank.abandon_forms(VISITORS)
    yield bank
    bank.app.store.close()


def decisions(bank: Bank) -> list[dict[str, Any]]:
    return bank.rows("select * from decisions where \"trigger\" = 'nearly' order by decision_id")


def test_some_of_the_band_are_let_in_with_their_chance_and_drawn_as_all_others(
    explored: Bank,
) -> None:
    let_in = decisions(explored)
    # 40 x .4 = 16, give or take four standard deviations of 3.1.
    assert 4 <= len(let_in) <= 28
    assert {row["band"] for row in let_in} == {0.4}
    assert {row["arm_trigger"] for row in let_in if row["arm_global"] == "treated"} == {
        "treated",
        "held_out",
    }
    # Looked at once more, the same are left out as before.
    explored.later(seconds=30)
    explored.run("score_sessions")
    assert len(decisions(explored)) == len(let_in)


def test_the_story_says_that_it_was_chance(explored: Bank) -> None:
    lines = "\n".join(explain(explored.app, decisions(explored)[0]["decision_id"]).lines)
    assert "nearly (version 1) let in ses_" in lines
    assert "the band below the threshold, where 40 % are let in by chance" in lines


def test_the_report_keeps_them_out_of_the_triggers_effect(explored: Bank) -> None:
    (entry,) = [one for one in build_report(explored.app)["triggers"] if one["name"] == "nearly"]
    assert entry["qualified"] == 0
    assert entry["band"]["qualified"] == len(decisions(explored))


def test_they_come_out_the_same_again(explored: Bank) -> None:
    found = replay(explored.app, 1000)
    assert failed(found) == {}
    assert found.identical == found.decisions > 0


@pytest.mark.parametrize("chance", [None, 0.5])
def test_another_chance_or_none_is_named_by_the_condition(
    explored: Bank, chance: float | None
) -> None:
    names_exactly(explored, "condition", decisions(explored)[0], band=chance)


def test_a_draw_that_would_not_have_let_it_in_is_named(explored: Bank) -> None:
    """With exploration at .0001 nobody would have come in from the band."""
    row = explored.rows("select body from triggers where name = 'nearly'")[0]["body"]
    changed = row.replace('"exploration": 0.4', '"exploration": 0.0001')
    assert explored.change("update triggers set body = :b where name = 'nearly'", b=changed) == 1
    try:
        found = replay(explored.app, 1000)
    finally:
        explored.change("update triggers set body = :b where name = 'nearly'", b=row)
    assert len(found.stages["condition"].failed) == found.decisions


def written(bank: Bank, tmp_path: Path, **changes: str) -> Path:
    text = NEARLY
    for key, value in changes.items():
        lines = [line for line in text.splitlines() if not line.startswith(f"{key} =")]
        text = "\n".join([*lines, f"{key} = {value}"]) + "\n"
    file = tmp_path / "triggers.toml"
    file.write_text(text.replace("nearly", "another"))
    return file


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"when": '"form_started >= 1"'}, r"another, band = 0\.998: no score has a threshold"),
        ({"when": '"session_struggle >= 0.5"'}, "write a band smaller than that"),
    ],
)
def test_a_band_without_a_threshold_is_refused_with_the_reason(
    explored: Bank, tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(PredicateRefused, match=words):
        read(explored.app, written(explored, tmp_path, **changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"exploration": "0"}, "nobody would be let in, as exploration is 0"),
        ({"class": '"requested"'}, "what customers asked for is never explored"),
        ({"band": "-0.1"}, "band: -0.1 does not fit"),
    ],
)
def test_a_band_that_cannot_be_explored_is_refused(
    explored: Bank, tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        read(explored.app, written(explored, tmp_path, **changes))


def test_a_sound_band_is_taken(explored: Bank, tmp_path: Path) -> None:
    (applied,) = apply(
        explored.app, read(explored.app, written(explored, tmp_path)), by="Ann", dry_run=True
    )
    assert (applied.name, applied.outcome) == ("another", "new")
