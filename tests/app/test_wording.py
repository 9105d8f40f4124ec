"""What `engage report` says where there is little to say."""

from __future__ import annotations

from typing import Any

from engage.app.effects import build_report
from engage.app.wording import report_lines
from engage.measure.words import sentences
from tests.bank import Bank


def report_lines_of(report: dict[str, Any]) -> list[str]:
    return list(report_lines(report, "EUR"))


def told(bank: Bank) -> list[str]:
    return report_lines_of(build_report(bank.app))


def test_a_project_without_data_is_told_what_to_do_in_one_line(bank: Bank) -> None:
    title, line = told(bank)
    assert title == "Effect of outreach, the beginning to 2026-03-03"
    assert line == (
        "  Nobody has qualified yet: no trigger has fired. Bring in what happened with "
        "`engage import`, then let the jobs run: `engage run`."
    )


def test_where_everybody_was_refused_the_reasons_are_counted(bank: Bank) -> None:
    for name in ("one", "two"):
        bank.left_form(name, agreed=())
    bank.cast.tell()
    bank.run("plan_capacity", "score_sessions")
    (_, line) = told(bank)
    assert line.startswith("  Nobody has qualified yet: triggers fired, but everybody was refused")
    assert "no_consent 2" in line


def test_once_somebody_has_qualified_every_trigger_is_told(bank: Bank) -> None:
    bank.abandon_forms(3)
    lines = told(bank)
    assert "  application_abandoned" in lines
    assert any(line.strip().startswith("3 people qualified") for line in lines)
    assert "  call_unresolved" in lines


def test_nobody_has_fallen_silent_where_the_data_end(bank: Bank) -> None:
    """A year without a new row: all three could have left for good, and nobody knows it."""
    bank.abandon_forms(3)
    soon = build_report(bank.app)["triggers"]
    bank.later(days=365)
    report = build_report(bank.app)
    assert report["known_until"][:10] == "2026-03-03"
    assert [one["effect"] for one in report["triggers"]] == [one["effect"] for one in soon]
    assert next(one["immature"] for one in report["triggers"] if one["qualified"]) == 3
    assert report_lines_of(report)[1].startswith("  What people do is known until 2026-03-03 only")


def test_data_of_yesterday_are_not_called_old(bank: Bank) -> None:
    bank.abandon_forms(3)
    bank.later(days=1)
    assert not any("is known until" in line for line in told(bank))


def test_people_on_neither_side_are_told() -> None:
    entry = {
        "name": "one", "goal": "bought", "qualified": 9, "held_out": 4, "contacted": 5,
        "not_compared": 2, "immature": 0,
        "effect": {
            "mean_treated": 0.5, "n_treated": 4, "mean_held_out": 0.5, "n_held_out": 3,
            "estimate": 0.0, "low": -0.1, "high": 0.1, "always_valid": (None, None), "p_value": 1.0,
        },
        "margin": {"estimate": None},
    }  # fmt: skip
    assert any(line.startswith("2 people on neither side") for line in sentences(entry))
