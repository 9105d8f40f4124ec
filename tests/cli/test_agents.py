"""The telephone system tells what agents are doing, and people see what was told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from engage.cli.command import main
from tests.bank import SECRET, begin


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENGAGE_SECRET", SECRET)
    return begin(tmp_path / "project")


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["engage", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(str(ended.value.code or 0))


def test_what_is_told_is_shown(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--project", str(project))
    told = ("--free", "3", "--busy", "5", "--wrap", "1")
    assert run(monkeypatch, "agents", "set", "service", *told, *where) == 0
    said = capsys.readouterr().out
    assert said == "service: 3 free, 5 busy, 1 writing up; this counts for 120 seconds\n"
    before = ("--free", "9", "--at", "2020-01-01T00:00:00")
    assert run(monkeypatch, "agents", "set", "service", *before, *where) == 0
    assert "is not used: something newer is known" in capsys.readouterr().out
    assert run(monkeypatch, "agents", "show", "--json", *where) == 0
    (row,) = json.loads(capsys.readouterr().out)
    shown = {name: row[name] for name in ("queue", "free", "busy", "wrap", "counts")}
    assert shown == {"queue": "service", "free": 3, "busy": 5, "wrap": 1, "counts": True}
    assert run(monkeypatch, "agents", "show", *where) == 0
    assert "service" in capsys.readouterr().out


def test_a_queue_that_is_none_is_wrong_use(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ("agents", "set", "servise", "--free", "1", "--project", str(project))
    assert run(monkeypatch, *wrong) == 2
    assert "there is no queue 'servise' in settings.toml" in capsys.readouterr().err
