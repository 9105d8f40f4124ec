"""What `engage report` says where there is little to say."""

from __future__ import annotations

from engage.app.effects import build_report
from engage.app.wording import report_lines
from tests.bank import Bank


def told(bank: Bank) -> list[str]:
    return list(report_lines(build_report(bank.app), "EUR"))


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
