"""A visitor whose score falls is noticed, and nothing but the visitor makes it fall."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from engage.app import frames
from engage.app.champions import Champion
from engage.app.explaining import explain
from engage.app.triggers import check_trigger, live, switch
from engage.domain.scores import Subject
from engage.domain.triggers import TriggerState
from engage.errors import DefinitionError, PredicateRefused
from engage.project import open_project
from engage.store import scores
from tests.bank import SECRET, Bank, MakeBank, begin

MODEL = "session_intent"
LOST = f"""
[triggers.losing_heart]
subject = "session"
when = "{MODEL}_drop >= 0.5"
class = "service"
actions = ["sms_followup"]
goal = "journey_finished"
horizon_h = 24
stake_minor = 50000
validity_min = 240
holdout = 0.0
exploration = 0.0
"""
NOBODY_HELD_OUT = {r"holdout_global = 0.1 ": "holdout_global = 0.0 "}


@dataclass(frozen=True)
class _Warmth:
    """Stands in for a trained model: 1 while the visitor does something, 1 / 4 after three minutes."""

    def score(self, frame: pa.Table) -> NDArray[np.float64]:
        return np.asarray(1 / (1 + frame["minutes_idle"].to_numpy()), dtype=np.float64)


@dataclass
class _InCharge:
    """Which artifact gives the scores; the drop looks at no other's."""

    artifact: str = "art_first"

    def champions(self, _: object) -> dict[str, Any]:
        return {MODEL: Champion(self.artifact, _Warmth())}  # type: ignore[arg-type]


@pytest.fixture
def in_charge(monkeypatch: pytest.MonkeyPatch) -> _InCharge:
    found = _InCharge()
    monkeypatch.setattr(frames, "champions", found.champions)
    return found


@pytest.fixture
def bank(make_bank: MakeBank, in_charge: _InCharge) -> Bank:
    """Return a bank with a visitor who has just looked at a page, and a plan."""
    bank = make_bank(NOBODY_HELD_OUT, LOST)
    who = bank.cast.person("visitor")
    bank.cast.event(who, "page", page="/card")
    bank.cast.tell()
    bank.run("plan_capacity")
    return bank


def decided(bank: Bank) -> list[dict[str, Any]]:
    query = "select * from decisions where trigger = 'losing_heart'"
    return [row | {"features": json.loads(row["features"])} for row in bank.rows(query)]


def test_a_visitor_who_was_likely_and_falls_silent_is_offered_help(bank: Bank) -> None:
    """1 at first; 1 / 2 a minute later; after 3 silent minutes 1 / 4, which is 3 / 4 below."""
    bank.run("score_sessions")
    assert decided(bank) == []
    bank.later(minutes=3)
    bank.run("score_sessions")

    (row,) = decided(bank)
    assert row["features"][MODEL] == pytest.approx(1 / 4)
    assert row["features"][f"{MODEL}_drop"] == pytest.approx(3 / 4)
    kept = bank.rows("select score from scores where model = :m order by as_of", m=MODEL)
    assert [one["score"] for one in kept] == pytest.approx([1, 1 / 4])


def test_the_fall_is_from_the_highest_and_not_from_the_last(bank: Bank) -> None:
    """1, 1 / 2, 2 / 5: only the first is half and more above."""
    for minutes in (0, 1, 0.5):
        bank.later(minutes=minutes)
        bank.run("score_sessions")

    (row,) = decided(bank)
    assert row["features"][f"{MODEL}_drop"] == pytest.approx(1 - 1 / 2)


def test_another_artifact_that_scores_lower_is_no_fall(bank: Bank, in_charge: _InCharge) -> None:
    bank.run("score_sessions")
    bank.later(minutes=3)
    in_charge.artifact = "art_second"
    bank.run("score_sessions")
    assert decided(bank) == []


def test_scores_of_this_moment_and_later_are_not_known_yet(bank: Bank) -> None:
    bank.later(minutes=9)
    (visit,) = bank.rows("select session_id, person_id from sessions")
    row = {"subject_id": visit["session_id"], "person_id": visit["person_id"], "model": MODEL}
    row |= {"artifact_id": "art_first", "score": 1.0}
    moments = [bank.app.now() + timedelta(minutes=minutes) for minutes in (0, 1)]
    with bank.app.store.write() as tx:
        scores.keep(tx, pa.Table.from_pylist([row | {"as_of": one} for one in moments]))
    bank.run("score_sessions")
    assert decided(bank) == []


def test_the_story_of_a_decision_tells_the_fall(learned: Bank) -> None:
    """The score that was kept five minutes before is set to 1."""
    switch(learned.app, "visitor_struggling", TriggerState.PAUSED)
    learned.later(hours=9)
    who, event = learned.left_form("visitor")
    learned.cast.tell()
    learned.later(minutes=-5)  # too early for any trigger
    learned.run("score_sessions")
    learned.change("update scores set score = 1 where model = 'session_struggle'")
    learned.later(minutes=5)
    learned.run("plan_capacity", "score_sessions")

    (row,) = learned.rows("select features from decisions where person_id = :p", p=who)
    score = json.loads(row["features"])["session_struggle"]
    story = explain(learned.app, event)
    said = story.facts["decisions"][0]["score_reasons"]["session_struggle"]
    assert 0 < score < 1
    assert said["drop"] == pytest.approx(1 - score)
    told = "\n".join([*story.lines, *story.details])
    assert (
        f"session_struggle was {score:.3f}, {1 - score:.3f} below its highest in this visit" in told
    )
    assert f"session_struggle lies {1 - score:.4g} below the highest it has been" in told


def test_a_condition_over_visits_may_name_the_fall_and_no_other_may(bank: Bank) -> None:
    known = {one.name: one for one in live(bank.app, Subject.SESSION)}
    check_trigger(bank.app, known["losing_heart"])
    contact = replace(known["losing_heart"], subject=Subject.INTERACTION)
    with pytest.raises(PredicateRefused, match="no column 'session_intent_drop'"):
        check_trigger(bank.app, contact)


def test_a_model_or_feature_of_the_same_name_stops_the_start(tmp_path: Path) -> None:
    folder = begin(tmp_path / "project")
    for ending in ("py", "sql"):
        model = folder / "models" / f"session_struggle.{ending}"
        text = model.read_text().replace('name="session_struggle"', 'name="session_intent_drop"')
        model.rename(folder / "models" / f"session_intent_drop.{ending}").write_text(text)
    with pytest.raises(DefinitionError, match="already is a column 'session_intent_drop'"):
        open_project(folder, environ={"ENGAGE_SECRET": SECRET})
