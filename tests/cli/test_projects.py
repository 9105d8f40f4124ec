"""A project's settings as they are shown, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage import __version__
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


def test_each_setting_is_a_line_with_its_unit_and_meaning(engage: Engage) -> None:
    settings = Path("settings.toml")
    settings.write_text(settings.read_text().replace("hot_d = 30", "hot_d = 40"))
    code, out, _ = engage("settings")
    assert code == 0
    lines = {line[2:].partition(" = ")[0]: line for line in out.splitlines()}
    assert lines["history.hot_d"] == (
        f"{'* history.hot_d = 40':<48}  # "
        "how long rows stay in the database before only the history has them (days)"
    )
    assert lines["store.cache_mb"].startswith("  store.cache_mb = 32   ")
    assert lines["ENGAGE_SECRET"].startswith("  ENGAGE_SECRET = not set   ")


def test_the_version_is_told(engage: Engage) -> None:
    assert engage("--version") == (0, f"engage {__version__}\n", "")
