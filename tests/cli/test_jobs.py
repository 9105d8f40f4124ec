"""Jobs on the command line: listed with their times, found by name, switched off in words."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_imports import Engage, engage

__all__ = ["engage"]

OFF = "\n[jobs.score_sessions]\nenabled = false\n"


def test_a_mistyped_job_is_told_the_nearest(engage: Engage) -> None:
    code, _, err = engage("job", "score_sesions")
    assert code == 2
    assert "there is no job 'score_sesions'; did you mean 'score_sessions'?" in err


def test_when_a_job_ran_is_told_by_the_projects_clock(engage: Engage) -> None:
    # In March Berlin is one hour ahead of UTC.
    assert engage("job", "plan_capacity", "--at", "2026-03-03T09:56:30+00:00")[0] == 0
    out = engage("jobs")[1]
    assert out.startswith("Jobs, by the clock of Europe/Berlin")
    (row,) = (line for line in out.splitlines() if "plan_capacity" in line)
    assert "2026-03-03 10:56:30" in row
    (told,) = (one for one in json.loads(engage("jobs", "--json")[1]) if one["last_due"])
    assert told["last_due"] == "2026-03-03T09:56:30+00:00"


def test_a_job_that_is_switched_off_is_listed_and_does_not_run(engage: Engage) -> None:
    settings = Path("settings.toml")
    settings.write_text(settings.read_text() + OFF)
    rows = {row["name"]: row for row in json.loads(engage("jobs", "--json")[1])}
    assert rows["score_sessions"]["schedule"] == "off"
    assert rows["plan_capacity"]["schedule"] != "off"
    code, _, err = engage("job", "score_sessions")
    assert code == 2
    assert "enabled = false in [jobs.score_sessions]" in " ".join(err.split())
    ran = json.loads(engage("tick", "--json")[1])
    assert "score_sessions" not in {run["job"] for run in ran}
