"""One event is followed from the page to the effect, and every number on the way is worked out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from engage.app.explaining import Story, explain
from engage.app.triggers import switch
from engage.clock import MovingClock
from engage.domain.triggers import TriggerState
from tests.bank import LAUNCH, SECRET, Bank

TRIGGER = "application_abandoned"
CONDITION = "form_started >= 1 and form_submitted = 0 and minutes_idle >= 10"
Z = 1.959964  # 97.5 % of a normal distribution lie below


@pytest.fixture
def walked(learned_folder: Path) -> Iterator[tuple[Bank, Story]]:
    """Return the bank two weeks after 40 people left a form, and the story of one of them.

    The draws put 15 into the trigger's treated group and 17 into its held-out one; 8 are held out of
    everything. 9, 4 and 3 of them come back and apply.
    """
    # With the minutes and the price of the settings every sum can be done by hand.
    file = learned_folder / "settings.toml"
    file.write_text(file.read_text().replace("fewest = 30", "fewest = 1000000"))
    bank = Bank(learned_folder, {"ENGAGE_SECRET": SECRET}, MovingClock(LAUNCH))
    # Whether a score crosses another trigger's threshold is no matter of this walk.
    switch(bank.app, "visitor_struggling", TriggerState.PAUSED)
    bank.later(hours=9)  # Monday, 10:00 in Berlin
    left = dict(bank.abandon_forms(40))
    groups = {"treated": 9, "held_out": 4, None: 3}
    applied = [one for group, n in groups.items() for one in in_group(bank, group)[:n]]
    bank.run("deliver_messages")
    bank.later(hours=3)
    for who in applied:
        bank.cast.event(who, "track", "application_submitted", "/card/form")
    bank.cast.tell()
    bank.run("record_outcomes")
    bank.later(days=15)
    # Life goes on, so that it is known that the others did nothing.
    bank.cast.event("somebody else", "page", "", "/card")
    bank.cast.tell()
    bank.run("archive_history", "measure_effect")
    texted = "select person_id from decisions where action = 'sms_followup' order by person_id"
    who = next(row["person_id"] for row in bank.rows(texted) if row["person_id"] in applied)
    yield bank, explain(bank.app, left[who])
    bank.app.store.close()


def in_group(bank: Bank, group: str | None) -> list[str]:
    found = bank.rows("select person_id, arm_trigger from decisions order by person_id")
    return [row["person_id"] for row in found if row["arm_trigger"] == group]


def wilson(share: float, n: int) -> tuple[float, float]:
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return middle - half, middle + half


def fact(story: Story, name: str) -> Any:
    return story.facts["decisions"][0][name]


def test_every_step_is_told_in_the_order_it_happened(walked: tuple[Bank, Story]) -> None:
    _, story = walked
    decision, message = fact(story, "decision"), fact(story, "message")
    score = decision["features"]["session_struggle"]
    steps = (
        "2026-03-02 08:48:00  form form_started on /card/form",
        f"2026-03-02 09:00:00  {TRIGGER} (version 1) fired for {decision['subject_id']} of ",
        f"Its condition is: {CONDITION}. Its goal is application_submitted within 14 days.",
        f"session_struggle was {score:.3f}: ",
        # 0.07 x 90.00 = 6.30, and 6.30 - 0.15 - 4.00 - 0.30 = 1.85
        "  callback_slot was worth 1.85 EUR: +7.00 points of 90.00 EUR, less 0.15 EUR for the channel,",
        " less 4.00 EUR for 8.0 minutes of the agent's time, less 0.30 EUR for the annoyance.",
        "  chat_offer was not allowed: The moment has passed; the offer would come too late.",
        # 0.03 x 90.00 = 2.70, and 2.70 - 0.08 - 0.30 = 2.32
        "  sms_followup was worth 2.32 EUR: +3.00 points of 90.00 EUR, less 0.08 EUR for the channel,",
        " less 0.30 EUR for the annoyance.",
        "The person is in the treated group, of everything and of this trigger.",
        # A floor of 5 % for each of the three, and the other 85 % for the best.
        "The chances were callback_slot 5.0 %, sms_followup 90.0 %, none 5.0 %; the draw",
        f" was {decision['draw']:.4f}.",
        "So the person was given: sms_followup.",
        f"Its sms message ({message['message_id']}) is sent.",
        "  2026-03-02 09:00:00  attempt 1: sent",
        "2026-03-02 12:00:00  reached application_submitted.",
        "Over all 32 people whose window has passed, ",
        "What was known then:",
        "  form_started was yes (a form was started in this visit)",
        "  form_submitted was no (a form was sent off in this visit)",
        "  the visit is about card",
        "  it is hour 10 where the visitor is",
        # the page 14 minutes ago, the form 12 minutes ago
        "  minutes from the first to the last thing done: 2",
        "  minutes since the visitor last did something: 12",
        "  pages seen in this visit: 1",
        f"Decided by plan {decision['plan_version']}, ",
    )
    told, place = "\n".join([*story.lines, *story.details]), 0
    for step in steps:
        assert step in told[place:], f"not told, or not at its place: {step}"
        place = told.index(step, place) + len(step)


def test_the_score_is_the_stored_one_of_the_model_in_use(walked: tuple[Bank, Story]) -> None:
    bank, story = walked
    decision = fact(story, "decision")
    (champion,) = bank.rows(
        "select artifact_id from artifacts where model = 'session_struggle' and state = 'champion'"
    )
    assert decision["artifacts"]["session_struggle"] == champion["artifact_id"]
    (stored,) = bank.rows(
        "select score, artifact_id from scores where model = 'session_struggle' "
        "and subject_id = :s",
        s=decision["subject_id"],
    )
    said = fact(story, "score_reasons")["session_struggle"]
    assert stored["artifact_id"] == champion["artifact_id"]
    assert said["score"] == stored["score"] == decision["features"]["session_struggle"]
    assert len(said["reasons"]) == 3
    why = "; ".join(said["reasons"])
    assert f"  session_struggle was {said['score']:.3f}: {why}" in story.lines


def test_the_draw_falls_where_the_chances_say(walked: tuple[Bank, Story]) -> None:
    _, story = walked
    decision = fact(story, "decision")
    chances = decision["propensities"]
    assert chances == pytest.approx({"callback_slot": 0.05, "none": 0.05, "sms_followup": 0.9})
    in_turn = ["callback_slot", "sms_followup", "none"]  # `none` comes last
    ends = accumulate(chances[one] for one in in_turn)
    drawn = next(one for one, end in zip(in_turn, ends, strict=True) if decision["draw"] < end)
    assert (drawn, decision["action"]) == ("sms_followup", "sms_followup")
    assert decision["propensity"] == pytest.approx(0.9)


def test_the_effect_line_is_newcombes_difference_of_two_shares(
    walked: tuple[Bank, Story],
) -> None:
    """Newcombe 1998, method 10, from Wilson's interval of each share."""
    bank, story = walked
    assert [len(in_group(bank, one)) for one in ("treated", "held_out", None)] == [15, 17, 8]
    one, other = 9 / 15, 4 / 17
    (low_1, high_1), (low_2, high_2) = wilson(one, 15), wilson(other, 17)
    # 0.6000 - 0.2353 = 0.3647; Wilson: 0.3575 to 0.8018 and 0.0955 to 0.4726.
    assert (low_1, high_1) == pytest.approx((0.3575, 0.8018), abs=1e-4)
    assert (low_2, high_2) == pytest.approx((0.0955, 0.4726), abs=1e-4)
    low = one - other - math.hypot(one - low_1, high_2 - other)  # 0.3647 - 0.3393
    high = one - other + math.hypot(high_1 - one, other - low_2)  # 0.3647 + 0.2454
    effect = fact(story, "effect")["effect"]
    assert (effect["estimate"], effect["low"], effect["high"]) == pytest.approx(
        (one - other, low, high), abs=1e-5
    )
    assert story.lines[-1] == (
        f"Over all 32 people whose window has passed, {TRIGGER} changed its goal by +0.365 "
        "(95 % interval +0.025 to +0.610)."
    )


def test_whoever_was_left_alone_is_told_the_same_effect_and_no_message(
    walked: tuple[Bank, Story],
) -> None:
    bank, story = walked
    (someone, *_) = in_group(bank, "held_out")
    (row,) = bank.rows("select decision_id from decisions where person_id = :p", p=someone)
    other = explain(bank.app, row["decision_id"])
    assert other.lines[-1] == story.lines[-1]
    assert "Nothing was sent." in other.lines
    assert any(line.startswith("So nothing was done; what would have") for line in other.lines)
