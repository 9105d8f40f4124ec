"""A trigger that does nothing shows that the machinery finds nothing, and is labelled so."""

from __future__ import annotations

from typing import Any

import pytest

from engage.app.effects import build_report
from engage.app.explaining import explain
from engage.app.replay.replaying import replay
from engage.app.trigger_edits import apply, read
from engage.app.uplift import whom_it_was_tried_on
from engage.errors import SettingsError, WrongUse
from engage.settings import parse
from tests.app.test_replay import failed
from tests.bank import Bank, MakeBank

NULL = """
[triggers.null]
subject = "session"
when = "form_errors >= 2"
class = "service"
actions = ["sms_followup"]
goal = "journey_finished"
horizon_h = 24
stake_minor = 500000
validity_min = 240
aa = true
"""


@pytest.fixture
def null(make_bank: MakeBank) -> Bank:
    """Return a bank in which twelve visitors stumbled, for whom an A/A comparison fired."""
    bank = make_bank(more=NULL)
    for number in range(12):
        who = bank.cast.person(f"stumbler {number}")
        for _ in range(3):
            bank.cast.event(who, "error", "form_error", "/card/form")
    bank.cast.tell()
    bank.run("plan_capacity", "score_sessions")
    return bank


def test_nobody_is_approached_and_it_says_so(null: Bank) -> None:
    rows = null.rows("select * from decisions")
    assert {(row["trigger"], row["action"]) for row in rows} == {("null", "none")}
    assert {row["arm_trigger"] for row in rows} >= {"treated", "held_out"}
    assert null.count("messages") == null.count("contact_ledger") == 0
    treated = next(row for row in rows if row["arm_trigger"] == "treated")
    told = "\n".join(explain(null.app, treated["decision_id"]).lines)
    assert "this trigger is an A/A comparison, which does nothing on either side" in told


def test_it_comes_out_the_same_again(null: Bank) -> None:
    assert failed(replay(null.app, 1000)) == {}


def test_the_report_labels_it(null: Bank) -> None:
    by_name = {one["name"]: one for one in build_report(null.app)["triggers"]}
    assert [name for name, one in by_name.items() if one["aa"]] == ["null"]
    assert by_name["null"]["sentences"][0] == (
        "An A/A comparison: of 12 people who qualified nobody was approached, on either side."
    )


def test_no_uplift_is_learned_from_it(null: Bank) -> None:
    assert "null" not in {one.name for one in whom_it_was_tried_on(null.app)}


def test_it_is_another_trigger_that_does_something(null: Bank, tmp_path: Any) -> None:
    file = tmp_path / "triggers.toml"
    file.write_text(NULL.replace("aa = true", "aa = false\nversion = 1"))
    with pytest.raises(WrongUse, match=r"with another aa \(false instead of true\) it is another"):
        apply(null.app, read(null.app, file), by="Ann")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"holdout": 0.0}, "no two sides to compare, as holdout is 0"),
        ({"class": "requested"}, "asked for is never left undone"),
    ],
)
def test_a_comparison_without_two_sides_is_refused(changes: dict[str, Any], words: str) -> None:
    table = {
        "subject": "session",
        "when": "true",
        "actions": [],
        "goal": "recovered",
        "horizon_h": 24.0,
        "aa": True,
    }
    with pytest.raises(SettingsError, match=words):
        parse({"triggers": {"null": table | changes}})
