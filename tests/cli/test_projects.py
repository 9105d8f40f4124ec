"""A project's settings as they are shown, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_imports import Engage, engage

__all__ = ["engage"]


@pytest.mark.parametrize("command", ["settings", "doctor", "jobs"])
@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            "[logs]",
            "[jobs.score_sesions]\nevery_s = 5\n[logs]",
            "[jobs.score_sesions]: there is no 'score_sesions'; the nearest is 'score_sessions'",
        ),
        (
            'actions = ["sms_reminder"]',
            'actions = ["sms_reminders"]',
            (
                "[triggers.appointment_reminder] actions: there is no 'sms_reminders'; the nearest is"
                " 'sms_reminder'"
            ),
        ),
    ],
)
def test_a_name_that_is_nowhere_is_told(
    engage: Engage, command: str, right: str, wrong: str, said: str
) -> None:
    settings = Path("settings.toml")
    settings.write_text(settings.read_text().replace(right, wrong))
    code, _, err = engage(command)
    assert code == 2
    assert err == f"engage: settings.toml {said}\n"
