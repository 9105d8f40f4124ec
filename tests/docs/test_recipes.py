"""Every recipe of README.md, followed to the letter."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from docs.generate import ROOT
from engage.app import intake
from engage.cli.command import main
from engage.clock import MovingClock
from engage.simulate.world import World
from tests.bank import LAUNCH, SECRET, Bank, begin
from tests.docs.recipes import section, steps

README = (ROOT / "README.md").read_text()
RECIPES = re.findall(r"^### ((?:Add|Change) a .*)$", README, re.MULTILINE)
NOT_COPIED = shutil.ignore_patterns("__pycache__", "var", ".*")
MAIN = "from engage.cli.command import main; main()"

Run = Callable[[str], tuple[int, str]]
"""A command in; its exit code and what it said out."""
Said = dict[str, tuple[int, str]]
Follow = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return the command line."""
    monkeypatch.setenv("ENGAGE_SECRET", SECRET)

    def one(command: str) -> tuple[int, str]:
        words, _, file = command.partition(" > ")
        monkeypatch.setattr(sys, "argv", shlex.split(words))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        if file:
            Path(file).write_text(out)
        return int(str(ended.value.code or 0)), out + err

    return one


@pytest.fixture
def follow(run: Run, monkeypatch: pytest.MonkeyPatch) -> Follow:
    """Return a way to follow a recipe in a project: title and folder in, what was said out.

    `more` is what to type besides, by the command.
    """

    def every(title: str, folder: Path, more: dict[str, str] | None = None) -> Said:
        if not folder.exists():
            assert run(f"engage init {folder}")[0] == 0
        monkeypatch.chdir(folder)
        said: Said = {}
        for step in steps(section(README, title)):
            if step.command:
                said[step.command] = run(step.command + (more or {}).get(step.command, ""))
            else:
                step.write(folder)
        return said

    return every


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the checkout that recipes may change."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("engage", "models", "jobs", "docs", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=NOT_COPIED)
    for name in ("settings.toml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def python(folder: Path, *words: str) -> str:
    """Run Python in a copy of the checkout, with the copy's own code; return what it printed."""
    ran = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def make_fix(folder: Path) -> None:
    """Do what `make fix` does after mending the style."""
    (recipe,) = re.findall(r"^fix:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    modules = re.findall(r"\$\(BIN\)/python -m (\S+)", recipe)
    assert modules
    for module in modules:
        python(folder, "-m", module)


def change(checkout: Path, recipe: str) -> list[str]:
    """Follow a recipe in a copy of the checkout; return the names of what `make` was asked for."""
    made = []
    for step in steps(section(README, recipe)):
        if step.command:
            made.append(step.command)
            if step.command == "make fix":
                make_fix(checkout)
        else:
            step.write(checkout)
    return made


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_has_at_most_four_steps_and_says_what_to_do(title: str) -> None:
    recipe = section(README, title)
    numbers = [int(n) for n in re.findall(r"^(\d)\. ", recipe, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) <= 4
    assert list(steps(recipe))


def test_there_is_a_recipe_for_each_kind_of_definition() -> None:
    assert [title.split()[-1] for title in RECIPES] == [
        "trigger", "trigger", "model", "job", "channel", "setting",
    ]  # fmt: skip


def test_add_a_trigger(follow: Follow, run: Run, tmp_path: Path) -> None:
    said = follow("Add a trigger", tmp_path / "mine")
    assert {code for code, _ in said.values()} == {0}, said
    assert "card_fees_read (version 1) fired" in said["engage explain 4711"][1]
    listed = json.loads(run("engage triggers list --json")[1])
    assert "card_fees_read" in {row["name"] for row in listed}


def test_change_a_live_trigger(follow: Follow, run: Run, tmp_path: Path) -> None:
    said = follow("Change a live trigger", tmp_path / "mine")
    assert {code for code, _ in said.values()} == {0}, said
    told = {command.split()[2]: words for command, (_, words) in said.items()}
    assert "call_abandoned (version 2): a draft" in told["apply"]
    assert "holdout: 0.2 instead of 0.5" in told["diff"]
    assert "version 2 (draft), over 30 days" in told["preview"]
    assert told["approve"] == "call_abandoned (version 2) is live\n"
    listed = json.loads(run("engage triggers list --json")[1])
    (now,) = [row for row in listed if row["name"] == "call_abandoned"]
    assert (now["version"], now["state"], now["holdout"]) == (2, "live", 0.2)
    # A file that was exported before is not taken any more.
    assert run("engage triggers apply edit.toml --by Ann") == (
        0,
        "call_abandoned (version 2): says the same already\nnothing new\n",
    )
    Path("edit.toml").write_text(Path("edit.toml").read_text().replace("0.2", "0.3"))
    code, told_off = run("engage triggers apply edit.toml --by Ann")
    assert code == 2
    assert "wrote version 2 on" in told_off


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Return a project with six weeks of 600 people, enough to judge a model of one feature by."""
    folder = begin(tmp_path / "town")
    bank = Bank(folder, {"ENGAGE_SECRET": SECRET}, MovingClock(LAUNCH))
    world = World(people=600, seed=1, start=LAUNCH, weeks_before=6, weeks_live=1)
    intake.take(bank.app.store, world.history(), now=LAUNCH)
    bank.run("archive_history")
    bank.app.store.close()
    return folder


def test_add_a_model_that_learns_from_the_simulated_bank(follow: Follow, town: Path) -> None:
    train = "engage models train calculates_again"
    said = follow("Add a model", town, {train: f" --at {LAUNCH.isoformat()}"})
    code, told = said.pop(train)
    assert (code, told.strip()) == (0, "calculates_again: promoted")
    assert {code for code, _ in said.values()} == {0}, said
    assert "in use since" in said["engage doctor"][1].partition("model calculates_again: ")[2]
    assert "the condition is sound" in next(reversed(said.values()))[1]


def test_add_a_model_to_an_empty_project_says_what_is_missing(
    follow: Follow, tmp_path: Path
) -> None:
    said = follow("Add a model", tmp_path / "mine")
    code, told = said["engage models train calculates_again"]
    assert code == 1
    assert "0 labelled rows, 200 are needed" in told


def test_add_a_job(follow: Follow, tmp_path: Path) -> None:
    said = follow("Add a job", tmp_path / "mine")
    assert said["engage job count_waiting"] == (0, "count_waiting: saw 0, did 0\n")
    code, listed = said["engage jobs"]
    assert code == 0
    assert "count_wait" in listed


def test_add_a_channel(checkout: Path) -> None:
    assert change(checkout, "Add a channel") == ["make fix", "make test"]
    assert "| `adviser_note` | Leaves a note for" in (checkout / "docs/channels.md").read_text()
    actions = tomllib.loads((checkout / "settings.toml").read_text())["actions"]
    assert actions["note_to_adviser"]["channel"] == "adviser_note"
    python(
        checkout, "-m", "ruff", "check", "--no-cache", "engage/channels", "engage/decide/reach.py"
    )
    python(checkout, "-m", "ruff", "format", "--no-cache", "--check", "engage/channels")
    only = ("-n", "0", "-p", "no:cacheprovider", "-k", "adviser_note or vocabulary")
    told = python(checkout, "-m", "pytest", "-q", "tests/laws/test_channels.py", *only)
    assert re.search(r"^1\d passed", told, re.MULTILINE), told


def test_add_a_setting(checkout: Path) -> None:
    assert change(checkout, "Add a setting") == ["make fix", "make test"]
    line = "rest between two batches"
    assert line in (checkout / "settings.toml").read_text()
    assert f"| `pause_s` | `0` | seconds | {line} |" in (checkout / "docs/settings.md").read_text()
    shown = json.loads(python(checkout, "-c", MAIN, "settings", "--json"))
    (row,) = [row for row in shown if row["key"] == "delivery.pause_s"]
    assert (row["unit"], row["is_default"]) == ("seconds", True)
