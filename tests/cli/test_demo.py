"""The demonstration: the same jobs, a bank with known truth, the same figures for the same seed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engage.app.replay.replaying import replay
from engage.cli import demo_run
from engage.cli.demo_summary import summary
from engage.cli.output import plain
from engage.errors import WrongUse
from engage.invariants import broken
from engage.measure.judge import no_value_effects
from engage.project import open_project
from engage.starting import begin_project

pytestmark = pytest.mark.timeout(300)
"""A demonstration is minutes of work where other programs keep both cores busy."""

SIZE: dict[str, Any] = {"people": 100, "weeks": 1, "seed": 3}


def on_one_thread(folder: Path) -> None:
    begin_project(folder)
    settings = folder / "settings.toml"
    text, found = re.subn(r"(?m)^threads = 2", "threads = 1", settings.read_text())
    assert found
    settings.write_text(text)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> demo_run.Demonstration:
    """Return what a small demonstration found."""
    return demo_run.run_demo(tmp_path_factory.mktemp("demo") / "bank", **SIZE)


def figures(found: demo_run.Demonstration) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(plain(found.as_dict())))
    return {k: v for k, v in told.items() if k not in ("seconds", "peak_memory_mb")}


def test_it_tells_what_was_seen_decided_and_changed_beside_the_truth(
    shown: demo_run.Demonstration,
) -> None:
    told = plain(shown.as_dict())

    assert {"seconds", "peak_memory_mb", "events", "sessions", "interactions"} <= set(told)
    assert told["sessions"] <= told["events"]
    assert set(told["truth"]) <= {one["name"] for one in told["triggers"]}
    assert all({"effect", "clv_change"} <= set(one) for one in told["truth"].values())


def test_its_summary_names_every_trigger_and_the_folder(shown: demo_run.Demonstration) -> None:
    text = "\n".join(summary(shown))

    for trigger in shown.report["triggers"]:
        assert f"  {trigger['name']}" in text
    assert f"engage report --project {shown.folder}" in text
    assert "Case 1" in text


def test_its_summary_says_why_there_is_no_value(shown: demo_run.Demonstration) -> None:
    unvalued = [{**one, "clv_change": no_value_effects()} for one in shown.report["triggers"]]

    text = "\n".join(summary(replace(shown, report={**shown.report, "triggers": unvalued})))

    assert "value is not shown: no model of customer value has been in use yet" in text


def test_its_project_is_sound_and_open_to_every_command(shown: demo_run.Demonstration) -> None:
    project = open_project(shown.folder, environ={})

    assert [rows for rows in broken(project.app).values() if rows] == []
    again = replay(project.app, 1000)
    assert again.identical == again.decisions >= 10
    project.app.store.close()


def test_the_same_seed_gives_the_same_figures_on_one_thread_too(
    shown: demo_run.Demonstration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_run, "begin_project", on_one_thread)

    again = demo_run.run_demo(tmp_path / "bank", **SIZE)

    assert figures(again) == figures(shown)


def test_a_folder_of_yours_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")

    with pytest.raises(WrongUse, match="is not empty and no demonstration"):
        demo_run.run_demo(tmp_path, **SIZE)
    assert (tmp_path / "mine.txt").read_text() == "precious"
