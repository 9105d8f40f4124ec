"""The report says what changed, how sure that is, and when it must not be believed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engage.measure import report
from engage.measure.report import Watched
from engage.measure.words import long_term_sentences
from tests.measure.conftest import DAY, START, at, history, qualifications

NOW = START + 120 * DAY
WATCHED = (Watched("call_unresolved", "recovered", 0.5), Watched("at_night", "submitted", 0.5))
KEYS = {
    "name",
    "qualified",
    "held_out",
    "contacted",
    "seen",
    "accepted",
    "recovered",
    "effect",
    "margin",
    "refused",
    "cost_minor",
    "agent_minutes",
    "sample_ratio_p",
}


def people(n: int, trigger: str = "at_night", **more: Any) -> list[dict[str, Any]]:
    """Return n people who qualified, every other one held out; the treated were contacted."""
    return [
        {
            "person_id": f"{trigger}_{one}",
            "trigger": trigger,
            "arm_trigger": "held_out" if one % 2 else "treated",
            "contacted": one % 2 == 0,
            "cost_minor": 0 if one % 2 else 9,
            "agent_minutes": 0.0 if one % 2 else 0.1,
            **more,
        }
        for one in range(n)
    ]


def outcomes(treated: int, held_out: int, trigger: str = "at_night") -> list[dict[str, Any]]:
    """Return the goal reached by so many treated and so many held out, on day 3."""
    ids = [2 * one for one in range(treated)] + [2 * one + 1 for one in range(held_out)]
    return [
        {"person_id": f"{trigger}_{one}", "goal": "submitted", "at": 3, "value_minor": 0}
        for one in ids
    ]


def built(
    rows: list[dict[str, Any]],
    now: datetime = NOW,
    build: dict[str, Any] | None = None,
    **data: Any,
) -> dict[str, Any]:
    """Return the report on these qualifications and relations."""
    with history(**data) as engine:
        found = qualifications(*(rows or [{}])).slice(0, len(rows))
        return report.build(engine, found, WATCHED, now=now, **(build or {}))


def night(found: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of the trigger whose goal is a submission."""
    entry: dict[str, Any] = found["triggers"][1]
    return entry


def test_the_effect_by_hand() -> None:
    """60 of 200 treated against 40 of 200 held out: .3 - .2 = .1."""
    entry = night(built(people(400), outcomes=outcomes(60, 40)))
    assert entry["effect"]["estimate"] == pytest.approx(0.1)
    assert entry["recovered"] == pytest.approx({"treated": 0.3, "held_out": 0.2})
    assert (entry["effect"]["n_treated"], entry["effect"]["n_held_out"]) == (200, 200)
    assert entry["effect"]["low"] < 0.1 < entry["effect"]["high"]
    assert (entry["qualified"], entry["held_out"], entry["contacted"]) == (400, 200, 200)
    assert (entry["cost_minor"], entry["agent_minutes"]) == (1800, 20.0)
    assert entry["sample_ratio_p"] == 1.0


def test_the_shape_is_that_of_the_contract_and_plain_json() -> None:
    found = built(people(400), outcomes=outcomes(60, 40))
    assert set(found) >= {"from", "to", "triggers"}
    for entry in found["triggers"]:
        assert set(entry) >= KEYS
        assert set(entry["effect"]) >= {
            "estimand",
            "estimate",
            "low",
            "high",
            "always_valid",
            "n_treated",
            "n_held_out",
        }
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["to"] == NOW.isoformat()
    assert found["from"] == START.isoformat()


def test_a_report_on_nobody_is_empty_and_not_an_error() -> None:
    rows = qualifications({}).slice(0, 0)
    with history() as engine:
        found = report.build(engine, rows, WATCHED, now=NOW)
    assert [entry["qualified"] for entry in found["triggers"]] == [0, 0]
    assert night(found)["effect"]["estimate"] is None
    assert "too few to compare" in night(found)["effect"]["withheld"]
    json.dumps(found, allow_nan=False)


def test_uneven_groups_withhold_everything() -> None:
    """Half of the held-out were lost: 200 against 100, (100 - 150)^2 / 75 = 33.3, p = 8e-9."""
    kept = [one for n, one in enumerate(people(400)) if n % 2 == 0 or n % 4 == 1]
    entry = night(built(kept, outcomes=outcomes(60, 40)))
    assert entry["sample_ratio_p"] < 0.001
    assert entry["effect"]["estimate"] is None
    assert entry["recovered"] == {"treated": None, "held_out": None}
    assert entry["margin"]["estimate"] is None
    assert "more uneven than chance allows" in entry["effect"]["withheld"]
    assert any("No effect is shown" in one for one in entry["sentences"])


def test_windows_that_run_on_are_counted_and_not_used() -> None:
    fresh = people(100, at=118)
    for number, one in enumerate(fresh):
        one["person_id"] = f"fresh_{number}"
    entry = night(built([*people(400), *fresh], outcomes=outcomes(60, 40)))
    assert entry["effect"]["estimate"] == pytest.approx(0.1)
    assert entry["immature"] == 100
    assert entry["qualified"] == 500


def test_recovery_is_reported_by_stages_and_the_longest_ripe_one_first() -> None:
    """Day 120: all stages are ripe. Of 200 each, 20 treated and 60 held out come back on day 2."""
    rows = people(400, "call_unresolved")
    back = [2 * one for one in range(20)] + [2 * one + 1 for one in range(60)]
    calls = [
        {
            "person_id": f"call_unresolved_{one}",
            "at": 2,
            "channel": "call",
            "initiated_by": "customer",
            "topic": "card",
        }
        for one in back
    ]
    (entry, _) = built(rows, interactions=calls)["triggers"]
    assert entry["effect"]["estimate"] == pytest.approx(0.9 - 0.7)
    assert "as known after 90 d" in entry["effect"]["estimand"]
    assert list(entry["stages"]) == ["horizon", "30 d", "90 d"]
    (early, _) = built(rows, now=START + 20 * DAY, interactions=calls)["triggers"]
    assert "within the horizon" in early["effect"]["estimand"]
    assert early["stages"]["90 d"]["estimate"] is None


def test_margin_is_shown_over_the_longest_window_that_has_passed() -> None:
    """Treated earn 30 more within 90 days, and 1,000 more on day 110, which no window holds yet."""
    bookings = [
        {"person_id": f"at_night_{one}", "at": day, "margin_minor": margin, "kind": "fee"}
        for one in range(400)
        for day, margin in ((10, 100 + 30 * (one % 2 == 0)), (110, 1000 * (one % 2 == 0)))
    ]
    margin = night(built(people(400), transactions=bookings))["margin"]
    assert margin["window"] == "90 d"
    assert margin["estimate"] == pytest.approx(30.0)
    assert margin["windows"]["to date"]["estimate"] == pytest.approx(1030.0)
    assert margin["windows"]["365 d"]["estimate"] is None


def test_margin_before_any_window_has_passed_is_to_date() -> None:
    margin = night(built(people(40), now=START + 20 * DAY))["margin"]
    assert margin["window"] == "to date"
    assert "to date" in margin["estimand"]


def test_predicted_value_is_marked_as_a_surrogate_with_its_parts() -> None:
    """Treated rise from 100 to 130; held out fall from 100 to 90: 10 saved, 30 expanded."""
    rows = qualifications(*people(400))
    with history() as engine:
        asked = report.moments(engine, rows, NOW)
        treated = np.array(
            [int(one.split("_")[2]) % 2 == 0 for one in asked["person_id"].to_pylist()]
        )
        later = np.array([one > at(0) for one in asked["as_of"].to_pylist()])
        values = 100.0 + later * np.where(treated, 30.0, -10.0)
        valued = asked.append_column("value_minor", pa.array(values)).append_column(
            "artifact_id", pa.array(["art_1"] * asked.num_rows)
        )
        found = report.build(engine, rows, WATCHED, now=NOW, valued=valued)
    change = night(found)["clv_change"]
    assert change["surrogate"] is True
    assert change["estimate"] == pytest.approx(40.0)
    assert change["saved"]["estimate"] == pytest.approx(10.0)
    assert change["expanded"]["estimate"] == pytest.approx(30.0)
    unvalued = night(built(people(400)))["clv_change"]
    assert unvalued.keys() == change.keys() | {"withheld"}
    assert unvalued["estimate"] is unvalued["saved"]["estimate"] is None
    assert "no model of customer value" in unvalued["withheld"]


def test_the_global_effect_compares_the_globally_held_out() -> None:
    """1,000 people, a tenth of them globally held out: 300 of 900 against 20 of 100."""
    rows = [
        {
            "person_id": f"at_night_{one}",
            "trigger": "at_night",
            "arm_global": "held_out" if one % 10 == 9 else "treated",
            "arm_trigger": None if one % 10 == 9 else ("held_out" if one % 2 else "treated"),
        }
        for one in range(1000)
    ]
    treated = [one for one in range(1000) if one % 10 != 9][:300]
    held_out = [one for one in range(1000) if one % 10 == 9][:20]
    reached = [
        {"person_id": f"at_night_{one}", "goal": "submitted", "at": 3}
        for one in (*treated, *held_out)
    ]
    found = built(rows, outcomes=reached)
    assert found["global"]["effect"]["estimate"] == pytest.approx(1 / 3 - 0.2)
    assert found["global"]["effect"]["n_held_out"] == 100
    assert night(found)["effect"]["n_treated"] + night(found)["effect"]["n_held_out"] == 900
    assert night(found)["held_out"] == 100 + 400


def test_people_of_triggers_that_are_not_reported_on_are_not_in_the_global_effect() -> None:
    """Nobody knows by what they should be judged."""
    other = [{**one, "person_id": f"x{n}", "trigger": "gone"} for n, one in enumerate(people(10))]
    assert built([*people(10), *other])["global"]["qualified"] == 10


def test_a_trigger_that_nobody_is_held_out_of_has_no_effect() -> None:
    asked = people(50, arm_global=None)
    entry = night(built([{**one, "arm_trigger": None} for one in asked]))
    assert entry["not_compared"] == 50
    assert entry["sample_ratio_p"] == 1.0
    assert entry["effect"]["estimate"] is None


def test_a_held_out_share_that_was_changed_is_weighed_out() -> None:
    """Season one: half held out, all reach the goal. Season two: a tenth held out, none does.

    Nothing has an effect; the plain difference would be 50/140 - 50/60 = -.48.
    """
    one = people(100, share_trigger=0.5)
    two = [
        {
            **row,
            "person_id": f"later_{number}",
            "arm_trigger": "held_out" if number % 10 == 0 else "treated",
            "share_trigger": 0.1,
            "at": 30,
        }
        for number, row in enumerate(people(100))
    ]
    entry = night(built([*one, *two], outcomes=outcomes(50, 50)))
    assert entry["effect"]["estimate"] == pytest.approx(0.0, abs=1e-9)
    assert entry["sample_ratio_p"] == pytest.approx(1.0)


def test_p_values_are_corrected_for_the_number_of_triggers() -> None:
    rows = [*people(400), *people(400, "call_unresolved")]
    found = built(rows, outcomes=outcomes(60, 40))
    effect = night(found)["effect"]
    assert effect["p_holm"] == pytest.approx(2 * effect["p_value"])


def test_people_who_first_qualified_before_the_report_begins_are_left_out() -> None:
    again = [{**one, "at": 50} for one in people(200)]
    found = built(
        [*people(400), *again], outcomes=outcomes(60, 40), build={"since": START + 40 * DAY}
    )
    assert night(found)["qualified"] == 0
    assert night(found)["cost_minor"] == 900
    assert found["from"] == (START + 40 * DAY).isoformat()


def test_those_who_saw_it_are_compared_with_those_who_would_have() -> None:
    """The first 100 of each side saw it, or would have: 60 against 40 reached the goal."""
    rows = [{**one, "seen": number < 200} for number, one in enumerate(people(400))]
    entry = night(built(rows, outcomes=outcomes(60, 40)))
    assert entry["effect_on_seen"]["estimate"] == pytest.approx(0.6 - 0.4)
    assert entry["seen"] == 200
    assert "effect_on_seen" not in night(built(people(400)))


def test_refusals_and_logged_campaigns_are_passed_on() -> None:
    effect = {"low": 0.01, "estimate": 0.02, "high": 0.03, "n_treated": 50, "n_held_out": 60}
    arm = {"action": "mail", "goal": "visit", "unit": "share", "effect": effect}
    spent = {**arm, "goal": "spend", "unit": "minor", "effect": {**effect, "estimate": 250.0}}
    none = {**arm, "effect": {"withheld": "too few"}}
    passed = {"refused": {"at_night": {"cap": 3}}, "actions": {"at_night": [arm, spent, none]}}
    entry = night(built([], build=passed))
    assert entry["refused"] == {"cap": 3}
    assert entry["actions"] == [arm, spent, none]
    assert entry["sentences"] == [
        "mail changed visit by +2.0 points per person (+1.0 points to +3.0 points; 50 against 60 left alone).",
        "mail changed spend by +2.50 per person (+0.00 to +0.00; 50 against 60 left alone).",
        "mail on visit: not shown, too few.",
    ]


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = people(400)
    data: dict[str, Any] = {"outcomes": outcomes(60, 40)}
    shuffled = [rows[one] for one in np.random.default_rng(1).permutation(400)]
    assert built(shuffled, **data)["triggers"] == built(rows, **data)["triggers"]


class TestSentences:
    """The same in words."""

    def said(self, *rows: dict[str, Any], **data: Any) -> str:
        """Return the sentences on the trigger."""
        return " ".join(night(built(list(rows), build={"currency": "EUR"}, **data))["sentences"])

    def test_a_clear_effect(self) -> None:
        """140 of 200 against 40 of 200."""
        said = self.said(*people(400), outcomes=outcomes(140, 40))
        assert (
            "400 people qualified; 200 were left alone to compare with, 200 were contacted" in said
        )
        assert "70.0 % of 200 treated people reached submitted, against 20.0 % of 200" in said
        assert "+50.0 points (95 % interval" in said
        assert "This holds however often somebody has looked." in said

    def test_an_effect_that_needs_patience(self) -> None:
        """62 of 200 against 40 of 200: p about .01."""
        said = self.said(*people(400), outcomes=outcomes(62, 40))
        assert "more than chance, if nobody stopped because of an earlier look" in said

    def test_an_effect_that_may_be_chance_says_what_could_be_told(self) -> None:
        said = self.said(*people(400), outcomes=outcomes(45, 40))
        assert "This may be chance; so few people show only effects of +12." in said

    def test_people_in_both_groups_and_people_who_wait_are_counted(self) -> None:
        mixed: list[dict[str, Any]] = [
            {"person_id": "browser", "trigger": "at_night", "arm_trigger": "held_out"},
            {"person_id": "known", "trigger": "at_night", "at": 1},
        ]
        link = [{"person_id": "browser", "canonical_id": "known", "at": 2}]
        late = {"person_id": "late", "trigger": "at_night", "at": 119}
        said = self.said(*people(100), *mixed, late, links=link)
        assert "1 person in both groups, as it turned out" in said
        assert "1 person not counted yet" in said

    def test_money(self) -> None:
        bookings = [
            {"person_id": f"at_night_{one}", "at": 10, "margin_minor": 5000 * (one % 2 == 0)}
            for one in range(400)
        ]
        said = self.said(*people(400), transactions=bookings)
        assert "Realised margin per person, 90 d: +50.00 EUR" in said


def test_who_was_let_in_from_the_band_is_told_apart() -> None:
    """Of the condition 60 of 200 against 40 of 200: .1. Of the band 5 of 50 against 10 of 50: -.1."""
    near = [
        one | {"person_id": f"near_{place}", "band": 0.1} for place, one in enumerate(people(100))
    ]
    reached = [
        {"person_id": f"near_{one}", "goal": "submitted", "at": 3, "value_minor": 0}
        for one in [*range(0, 10, 2), *range(1, 21, 2)]
    ]
    entry = night(built([*people(400), *near], outcomes=[*outcomes(60, 40), *reached]))
    assert entry["effect"]["estimate"] == pytest.approx(0.1)
    assert entry["qualified"] == 400
    assert entry["band"]["effect"]["estimate"] == pytest.approx(-0.1)
    assert (entry["band"]["qualified"], entry["band"]["held_out"]) == (100, 50)
    told = "\n".join(entry["sentences"])
    assert "100 people just below the threshold were let in by chance" in told
    assert "band" not in night(built(people(400), outcomes=outcomes(60, 40)))


def test_who_came_first_from_the_band_never_counts_for_the_condition() -> None:
    """What an offer in the band did decides who comes back to qualify: no fair comparison."""
    rows = people(4, at=1)
    before = [one | {"at": 0, "band": 0.1} for one in rows[:2]]
    after = [one | {"at": 2, "band": 0.1} for one in rows[2:]]
    entry = night(built([*rows, *before, *after]))
    assert (entry["qualified"], entry["band"]["qualified"]) == (2, 2)


def turning(one: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the same person under arms that cover everything, by turns of 30 days."""
    arm = one["arm_trigger"]
    turn = {"turn": "global@2026-01-01/2026-01-31", "turn_ends": at(30), "share_global": 0.5}
    return one | turn | {"arm_global": arm, "arm_trigger": None} | more


def test_who_qualified_too_late_in_a_turn_is_not_compared() -> None:
    """60 of 200 against 40 of 200 early in the turn; 100 late ones, who all reached it, count not."""
    early = [turning(one) for one in people(400)]
    late = [turning(one, person_id=f"late_{place}", at=25) for place, one in enumerate(people(100))]
    reached = [
        {"person_id": f"late_{one}", "goal": "submitted", "at": 26, "value_minor": 0}
        for one in range(0, 100, 2)
    ]
    found = built([*early, *late], outcomes=[*outcomes(60, 40), *reached])["global"]
    assert found["effect"]["estimate"] == pytest.approx(0.1)
    assert (found["qualified"], found["cut"], found["not_compared"]) == (500, 100, 100)
    assert found["turns"] == {"global@2026-01-01/2026-01-31": 500}


def test_the_long_term_group_has_a_comparison_of_its_own() -> None:
    """Of 400 drawn for it 60 of 200 others reached the goal and 40 of 200 left alone: .1."""
    scope = {"long_term": "long_term@2026-12-31", "long_term_ends": at(364), "share_long_term": 0.5}
    rows = [
        turning(one, **scope, arm_long_term=one["arm_trigger"], share_global=None)
        for one in people(400)
    ]
    found = built(rows, outcomes=outcomes(60, 40))
    assert found["long_term"]["effect"]["estimate"] == pytest.approx(0.1)
    assert found["long_term"]["turns"] == {"long_term@2026-12-31": 400}
    # Those left alone for long are no part of the turn's comparison.
    assert found["global"]["qualified"] == 200
    (first, second) = long_term_sentences(found["long_term"])
    assert first == "Of 400 people, some are left alone by everything until 2026-12-31."
    assert second.startswith(
        "30.0 % of 200 others reached their goal, against 20.0 % of 200 of these"
    )
    assert "long_term" not in built(people(400), outcomes=outcomes(60, 40))


def null(treated: int, held_out: int) -> dict[str, Any]:
    """Return the entry of an A/A comparison in which so many of 200 reached the goal anyway."""
    with history(outcomes=outcomes(treated, held_out)) as engine:
        watched = [Watched("at_night", "submitted", 0.5, aa=True), WATCHED[0]]
        found = report.build(engine, qualifications(*people(400)), watched, now=NOW)
    entry: dict[str, Any] = found["triggers"][0]
    return entry


def test_an_a_a_comparison_says_whether_the_machinery_can_be_believed() -> None:
    """50 against 50 of 200 is nothing; 60 against 42 has p = .04; 120 against 20 cannot be chance."""
    assert null(50, 50)["sentences"][-1] == "As it must, it shows no more than chance."
    assert "looks like this by chance" in null(60, 42)["sentences"][-1]
    assert "more than chance, where there can be no effect" in null(120, 20)["sentences"][-1]


def test_an_a_a_comparison_costs_the_others_no_certainty() -> None:
    assert null(120, 20)["effect"]["p_holm"] is None
