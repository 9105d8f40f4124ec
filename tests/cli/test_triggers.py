"""Triggers on the command line: changed, tried and approved, with codes that scripts can rely on."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engage.cli.command import main
from tests.app.trigger_files import table
from tests.bank import SECRET, begin
from tests.cli.test_commands import CALLS

Engage = Callable[..., tuple[int, str, str]]
NAME = "call_abandoned"


@pytest.fixture
def engage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Engage:
    """Return the command line in a new project: words in, exit code and both outputs out."""
    monkeypatch.setenv("ENGAGE_SECRET", SECRET)
    monkeypatch.setattr(getpass, "getuser", lambda: "anna")
    monkeypatch.chdir(begin(tmp_path / "mine"))

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["engage", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(str(ended.value.code or 0)), said.out, said.err

    return run


def test_a_change_goes_from_export_to_live(engage: Engage) -> None:
    code, exported, _ = engage("triggers", "export", NAME)
    assert code == 0
    assert exported.startswith(f"[triggers.{NAME}]\n")
    assert exported.endswith("version = 1\n")
    Path("edit.toml").write_text(exported)
    assert engage("triggers", "apply", "edit.toml") == (
        0,
        f"{NAME} (version 1): says the same already\nnothing new\n",
        "",
    )

    Path("edit.toml").write_text(exported.replace("wait_s > 60", "wait_s > 90"))
    assert (
        "nothing was stored: --dry-run" in engage("triggers", "apply", "edit.toml", "--dry-run")[1]
    )
    code, out, _ = engage("triggers", "apply", "edit.toml")
    assert code == 0
    assert f"{NAME} (version 2): a draft\n  when: " in out

    listed = json.loads(engage("triggers", "list", "--json")[1])
    mine = [(row["version"], row["state"], row["by"]) for row in listed if row["name"] == NAME]
    assert mine == [(1, "live", "settings"), (2, "draft", "anna")]
    (changed,) = json.loads(engage("triggers", "diff", NAME, "--json")[1])
    assert (changed["key"], changed["after"]) == ("when", '"abandoned and wait_s > 90"')
    assert "version 2 by anna waits for approval" in engage("doctor")[1]

    code, _, err = engage("triggers", "approve", NAME)
    assert code == 2
    assert "anna wrote version 2 of call_abandoned, so somebody else approves it" in err
    held = engage("triggers", "approve", NAME, "--by", "bert", "--hold")[1]
    assert held.startswith(f"{NAME} (version 2) is approved; engage triggers approve {NAME}")
    assert engage("triggers", "approve", NAME)[1] == f"{NAME} (version 2) is live\n"
    assert engage("triggers", "pause", NAME)[1] == f"{NAME} (version 2) is paused\n"
    assert engage("triggers", "resume", NAME)[1] == f"{NAME} (version 2) is live\n"


def test_a_draft_is_compared_with_what_is_in_force_and_else_a_file_is(engage: Engage) -> None:
    code, out, _ = engage("triggers", "diff", NAME)
    assert (code, out) == (
        0,
        f"settings.toml says the same as version 1 of {NAME}, which is live\n",
    )
    Path("edit.toml").write_text(table(NAME, holdout=0.3, version=1))
    out = engage("triggers", "diff", NAME, "--file", "edit.toml")[1]
    assert out.startswith(f"edit.toml says otherwise than version 1 of {NAME}, which is live\n")
    assert "  holdout: 0.3 instead of 0.5\n" in out
    code, _, err = engage("triggers", "diff", "call_unresolved", "--file", "edit.toml")
    assert code == 2
    assert "edit.toml holds no [triggers.call_unresolved]" in err


def test_a_condition_is_tried_on_what_happened_lately(engage: Engage) -> None:
    rows = [f"c{n},{n},2026-03-03T09:{n:02}:00Z,{60 + n},yes" for n in range(20)]
    Path("calls.csv").write_text("\n".join(["call,customer,at,waited,gave_up", *rows, ""]))
    Path("calls.toml").write_text(CALLS)
    assert engage("import", "interactions", "calls.csv", "--map", "calls.toml")[0] == 0
    at = ("--at", "2026-03-04T10:00:00")

    condition = ("triggers", "check", "wait_s > 70", "--subject", "interaction", *at)
    code, out, _ = engage(*condition)
    assert (code, out) == (
        0,
        "the condition is sound\nin the last 30 days it fires for 9 of 20 contacts (45%)\n",
    )
    out = engage("triggers", "check", "wait_s > 62", "--subject", "interaction", *at)[1]
    assert "17 of 20 contacts (85%)\nWARNING  that is nearly everybody" in out
    out = engage("triggers", "check", NAME, "--days", "1", "--at", "2026-03-04T09:10:30")[1]
    # Those that ended in the last day: from the one on that began at 9:10 and took 70 s.
    assert "in the last day it fires for 10 of 10 contacts (100%)" in out

    code, out, _ = engage("triggers", "preview", NAME, *at)
    assert code == 0
    assert f"{NAME}, version 1 (live), over 30 days: 2026-02-02 11:00 to 2026-03-04 11:00" in out
    assert "It fires for 19 of 20 contacts, of 19 people." in out
    assert "The person has not agreed to be contacted this way." in out
    assert "WARNING  call_abandoned singles nobody out" in out
    assert "What this rests on:" in out
    told = json.loads(engage("triggers", "preview", NAME, *at, "--json")[1])
    assert (told["fired"], told["refused"]["no_consent"]) == (19, 19)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "wait_s > 3"], "of a condition say what it watches: --subject session"),
        (
            ["check", "wait_s > 3 and", "--subject", "interaction"],
            "engage: the condition: character 14: the condition ends here, but something must",
        ),
        (["export", "call_abandonned"], "did you mean 'call_abandoned'?"),
        (["diff", "call_abandonned"], "did you mean 'call_abandoned'?"),
        (["preview", "call_abandonned"], "did you mean 'call_abandoned'?"),
        (["approve", NAME, "--by", "bert"], "nothing of call_abandoned waits for approval"),
        (["apply", "none.toml"], "none.toml: cannot be read"),
        (["preview", NAME, "--days", "-1"], "try it on one day at least"),
    ],
)
def test_wrong_use_ends_with_2_and_says_so(engage: Engage, words: list[str], said: str) -> None:
    code, _, err = engage("triggers", *words)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_who_is_unknown_to_the_system_is_the_command_line(
    engage: Engage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise OSError("nobody is logged in")

    monkeypatch.setattr(getpass, "getuser", nobody)
    Path("edit.toml").write_text(table("left_waiting"))
    engage("triggers", "apply", "edit.toml")
    code, _, err = engage("triggers", "approve", "left_waiting")
    assert code == 2
    assert "command line wrote version 1 of left_waiting" in err
