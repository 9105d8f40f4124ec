"""A project folder is opened whole or not at all, with a line that says what to mend."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from engage.errors import EngageError, StoreUnavailable, WrongUse
from engage.job import Daily, Every
from engage.project import Project, find_folder, open_project
from engage.store import triggers
from tests.bank import begin

Change = Callable[[Path], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return begin(tmp_path / "project")


def opened(folder: Path) -> Project:
    project = open_project(folder, environ={})
    project.app.store.close()
    return project


def replace(file: str, old: str, new: str) -> Change:
    def change(folder: Path) -> None:
        path = folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def add(file: str, text: str) -> Change:
    def change(folder: Path) -> None:
        with (folder / file).open("a") as at_the_end:
            at_the_end.write(text)

    return change


def remove(file: str) -> Change:
    return lambda folder: (folder / file).unlink()


def rename(file: str, to: str) -> Change:
    def change(folder: Path) -> None:
        (folder / file).rename(folder / to)
        if file.endswith(".py"):
            query = (folder / file).with_suffix(".sql")
            if query.exists():
                query.rename((folder / to).with_suffix(".sql"))

    return change


WHEN = 'when = "abandoned and wait_s > 60"'

REFUSED: dict[str, tuple[Change, str]] = {
    "a model with a syntax error": (
        add("models/session_intent.py", "\nMODEL = (\n"),
        r"models/session_intent\.py, line \d+: '\(' was never closed",
    ),
    "a model that fails when it is loaded": (
        add("models/session_intent.py", "\n1 / 0\n"),
        r"models/session_intent\.py: ZeroDivisionError: division by zero",
    ),
    "two models in a file": (
        add(
            "models/session_intent.py",
            "\nimport dataclasses\nANOTHER = dataclasses.replace(MODEL, name='other')\n",
        ),
        r"models/session_intent\.py: a file here defines exactly one Model; this one has 2",
    ),
    "a model named unlike its file": (
        rename("models/session_intent.py", "models/intent.py"),
        r"models/intent\.py: its Model is named 'session_intent'; name it 'intent'",
    ),
    "a model without its query": (
        remove("models/session_intent.sql"),
        r"models/session_intent\.py: its feature query session_intent\.sql is missing beside it",
    ),
    "a file in jobs without a job": (
        add("jobs/nothing.py", "X = 1\n"),
        r"jobs/nothing\.py: a file here defines exactly one Job; this one has 0",
    ),
    "a job named unlike its file": (
        rename("jobs/score_sessions.py", "jobs/look.py"),
        r"jobs/look\.py: its Job is named 'score_sessions'; name it 'look'",
    ),
    "a trigger over an unknown column": (
        replace("settings.toml", WHEN, 'when = "abandonned and wait_s > 60"'),
        r"trigger call_abandoned: .*abandonned.*abandoned",
    ),
    "a trigger with a subquery": (
        replace("settings.toml", WHEN, 'when = "wait_s > (select max(wait_s) from interactions)"'),
        r"trigger call_abandoned: character 10: a query inside a condition is not allowed",
    ),
    "a trigger that is no condition": (
        replace("settings.toml", WHEN, 'when = "wait_s + 1"'),
        r"trigger call_abandoned: .*gives .*not yes or no",
    ),
    "a trigger with an unknown action": (
        replace("settings.toml", 'actions = ["callback_slot"]', 'actions = ["callback_slots"]'),
        r"\[triggers\.call_abandoned\] actions: .* 'callback_slots'; the nearest is 'callback_slot'",
    ),
    "an action with an unknown queue": (
        replace("settings.toml", 'queue = "chat"', 'queue = "chats"'),
        r"\[actions\.chat_offer\] queue: there is no 'chats'; the nearest is 'chat'",
    ),
    "a journey with a goal that is not there": (
        replace("settings.toml", 'goal = "application_submitted"', 'goal = "application_sent"'),
        r"\[journeys\.card\] goal: there is no 'application_sent'; the nearest is '.*submitted'",
    ),
    "a journey that lists its pages": (
        replace("settings.toml", "[journeys.card]\n", '[journeys.card]\npages = ["/card"]\n'),
        r"\[journeys\.card\] pages: unknown key",
    ),
    "a goal that is no condition": (
        replace("settings.toml", "when = \"state = 'kept'\"", 'when = "state = 3"'),
        r"\[goals\.appointment_kept\]: .*do not go together",
    ),
    "a goal over an unknown column": (
        replace("settings.toml", "when = \"state = 'kept'\"", "when = \"stat = 'kept'\""),
        r"\[goals\.appointment_kept\]: .*stat.*state",
    ),
    "an unknown setting": (
        replace("settings.toml", "hot_d = 30", "hot_days = 30"),
        r"\[history\] hot_days: unknown key; the nearest is 'hot_d'",
    ),
    "settings that are no TOML": (
        add("settings.toml", "\n[unfinished\n"),
        r"settings\.toml: not TOML",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_with_its_place(folder: Path, name: str) -> None:
    change, said = REFUSED[name]
    change(folder)
    with pytest.raises(WrongUse) as refused:
        opened(folder)
    message = str(refused.value)
    assert re.search(said, message, re.DOTALL), message
    assert refused.value.exit_code == 2


def test_a_refused_project_leaves_no_trigger_behind(folder: Path) -> None:
    REFUSED["a trigger over an unknown column"][0](folder)
    with pytest.raises(WrongUse):
        opened(folder)
    replace("settings.toml", "abandonned and", "abandoned and")(folder)
    with opened(folder).app.store.read() as tx:
        versions = {trigger.name: trigger.version for trigger in triggers.current(tx)}
    assert set(versions.values()) == {1}
    assert "call_abandoned" in versions


def test_a_changed_condition_waits_for_approval(folder: Path) -> None:
    opened(folder)
    replace("settings.toml", WHEN, 'when = "abandoned and wait_s > 90"')(folder)
    with opened(folder).app.store.read() as tx:
        (now,) = [t for t in triggers.current(tx) if t.name == "call_abandoned"]
    assert (now.version, now.when) == (1, "abandoned and wait_s > 60")


def test_a_project_is_found_from_any_folder_inside_it(folder: Path, tmp_path: Path) -> None:
    assert find_folder(folder / "models") == folder
    with pytest.raises(WrongUse, match=r"no settings\.toml in .* or above it; run `engage init"):
        find_folder(tmp_path)


@pytest.mark.parametrize("place", ["var", "var/engage.db"])
def test_a_folder_that_cannot_be_written_is_named(folder: Path, place: str) -> None:
    # Something else stands where the file should go; a rule of rights would not bind root.
    taken = folder / place
    if place == "var":
        taken.write_text("not a folder")
    else:
        taken.mkdir(parents=True)
    with pytest.raises(StoreUnavailable) as refused:
        opened(folder)
    assert str(folder / "var") in str(refused.value)


def test_a_disk_that_is_read_only_is_named(tmp_path: Path) -> None:
    read_only = Path("/proc/engage")
    with pytest.raises(EngageError, match="/proc/engage"):
        open_project(begin(tmp_path), environ={"ENGAGE_STORE_URL": f"sqlite:///{read_only}/x.db"})


def test_a_key_that_cannot_be_kept_is_named(folder: Path, tmp_path: Path) -> None:
    (folder / "var").write_text("not a folder")
    with pytest.raises(StoreUnavailable, match=r"var/secret.*ENGAGE_SECRET"):
        open_project(folder, environ={"ENGAGE_STORE_URL": f"sqlite:///{tmp_path / 'x.db'}"})


def test_an_empty_key_is_refused(folder: Path) -> None:
    (folder / "var").mkdir()
    (folder / "var" / "secret").write_text("\n")
    with pytest.raises(WrongUse, match=r"var/secret.*empty"):
        opened(folder)


def test_the_key_is_made_once_and_for_its_owner_only(folder: Path) -> None:
    first = opened(folder)
    path = folder / "var" / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert re.fullmatch(r"[0-9a-f]{64}", path.read_text())
    assert opened(folder).app.secret == first.app.secret == path.read_text().encode()


def test_everybody_who_opens_at_once_gets_the_same_key(folder: Path) -> None:
    opened(folder)  # the tables are there; what races is the key
    (folder / "var" / "secret").unlink()
    together = Barrier(6)

    def open_now(_: int) -> bytes:
        together.wait()
        return opened(folder).app.secret

    with ThreadPoolExecutor(6) as threads:
        keys = set(threads.map(open_now, range(6)))
    assert keys == {(folder / "var" / "secret").read_text().encode()}
    assert [path.name for path in (folder / "var").glob("secret*")] == ["secret"]


def test_the_environment_goes_before_the_file(folder: Path) -> None:
    project = open_project(folder, environ={"ENGAGE_SECRET": "from outside"})
    project.app.store.close()
    assert project.app.secret == b"from outside"
    assert not (folder / "var" / "secret").exists()


def test_the_settings_move_jobs_and_leave_some_out(folder: Path) -> None:
    more = """
[jobs.score_sessions]
every_s = 5
[jobs.train_models]
at = "03:30"
[jobs.remind_appointments]
enabled = false
"""
    add("settings.toml", more)(folder)
    jobs = opened(folder).jobs
    assert jobs["score_sessions"].schedule == Every(timedelta(seconds=5))
    assert jobs["train_models"].schedule == Daily(time(3, 30))
    assert "remind_appointments" not in jobs
    assert jobs["measure_effect"].schedule == Daily(time(4))  # as its own file says


def test_a_setting_for_a_job_that_is_not_there_is_refused(folder: Path) -> None:
    add("settings.toml", "\n[jobs.score_session]\nevery_s = 5\n")(folder)
    with pytest.raises(WrongUse, match=r"\[jobs\.score_session\].*nearest.*score_sessions"):
        opened(folder)
