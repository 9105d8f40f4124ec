"""The command line: help that starts fast, codes that scripts can rely on, JSON that parses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from engage.cli.command import app, main
from engage.store import Store
from tests.bank import SECRET, Bank

HEAVY = ("duckdb", "lightgbm", "numpy", "pandas", "pyarrow", "scipy", "sqlalchemy", "twilio")
START = "from engage.cli.command import main; main()"
Engage = Callable[..., tuple[int, str, str]]
CALLS = """
person = { column = "customer" }
key = { columns = ["call"] }

[columns]
ts = { column = "at" }
ended_at = { from = "ts", plus_column = "waited" }
channel = { constant = "call" }
direction = { constant = "inbound" }
initiated_by = { constant = "customer" }
wait_s = { column = "waited" }
abandoned = { column = "gave_up" }
"""


@pytest.fixture
def engage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Engage:
    """Return the command line: words in, exit code and both outputs out."""
    monkeypatch.setenv("ENGAGE_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["engage", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(str(ended.value.code or 0)), said.out, said.err

    return run


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command and group."""
    yield words
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from commands(inner, (*words, name))


EVERY = sorted(commands(get_command(app)))


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_explains_itself(engage: Engage, words: tuple[str, ...]) -> None:
    code, out, err = engage(*words, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: {' '.join(('engage', *words))}")
    sentence = out.split("\n\n")[1].strip()
    assert sentence
    assert sentence[0].isupper()


def test_all_groups_are_there() -> None:
    there = {" ".join(words) for words in EVERY}
    asked = {"run", "jobs", "job", "tick", "init", "settings", "verify", "import", "explain"}
    more = {"report", "demo", "killswitch", "db upgrade", "models train", "triggers check"}
    assert asked | more <= there


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\ntry:\n    " + START + "\nexcept SystemExit as ended:\n    "
        "assert not ended.code\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=True
    )
    assert "Finds customers about to be lost" in ran.stdout
    assert ran.stderr == "[]\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nope"], "No such command 'nope'"),
        (["jobs", "--jsn"], "No such option: --jsn"),
        (["job"], "Missing argument"),
        (["jobs"], "no settings.toml in"),
        (["init", "taken"], "taken already holds models, jobs, settings.toml"),
        (["job", "no_such_job", "-p", "taken"], "there is no job 'no_such_job'"),
        (["explain", "evt_nobody", "-p", "taken"], "nothing is known of 'evt_nobody'"),
        (["people", "show", "per_nobody", "-p", "taken"], "nothing is known of 'per_nobody'"),
        (["triggers", "show", "none", "-p", "taken"], "there is no trigger 'none'"),
        (["models", "show", "none", "-p", "taken"], "there is no model 'none'"),
        (["killswitch", "maybe", "-p", "taken"], "say on or off"),
        (["triggers", "check", "wiat_s > 3", "--subject", "interaction", "-p", "taken"], "wait_s"),
        (
            ["triggers", "check", "wait_s > 3", "--subject", "contact", "-p", "taken"],
            "'interaction'",
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else " ".join(one[:3]),
)
def test_wrong_use_ends_with_2_and_says_so(engage: Engage, words: list[str], said: str) -> None:
    if "taken" in words:
        assert engage("init", "taken")[0] == 0
    code, _, err = engage(*words)
    assert code == 2
    assert said in " ".join(err.split())
    assert "Traceback" not in err


def test_a_new_project_opens(engage: Engage) -> None:
    code, out, _ = engage("init", "mine")
    assert code == 0
    assert "a new project is in mine" in out
    assert engage("db", "upgrade", "-p", "mine")[:2] == (0, "the database (sqlite) is up to date\n")


def test_settings_are_shown_without_secrets(
    engage: Engage, monkeypatch: pytest.MonkeyPatch
) -> None:
    engage("init", "mine")
    monkeypatch.setenv("ENGAGE_SECRET", "do not show me")
    monkeypatch.setenv("ENGAGE_TWILIO_AUTH_TOKEN", "nor me")
    monkeypatch.setenv("ENGAGE_STORE_URL", "postgresql://me:hidden-word@db.example/engage")
    for words in (["settings"], ["settings", "--json"]):
        code, out, err = engage(*words, "-p", "mine")
        assert code == 0
        for secret in ("do not show me", "nor me", "hidden-word"):
            assert secret not in out + err
    rows = {row["key"]: row for row in json.loads(out)}
    assert rows["history.hot_d"]["value"] == "30"
    assert rows["history.hot_d"]["unit"] == "days"
    assert rows["history.hot_d"]["is_default"] is True


READ = [
    ["jobs"],
    ["models", "list"],
    ["triggers", "list"],
    ["decisions", "list"],
    ["verify"],
    ["history", "status"],
    ["settings"],
    ["quarantine", "list"],
    ["report"],
]


def test_json_is_json_and_a_table_is_for_people(engage: Engage, learned_folder: Path) -> None:
    for words in READ:
        here = [*words, "-p", str(learned_folder)]
        code, out, err = engage(*here, "--json")
        assert (code, err) == (0, ""), words
        assert isinstance(json.loads(out), list | dict), words
        code, out, err = engage(*here)
        assert (code, err) == (0, ""), words
        assert out.strip(), words
        assert not out.startswith(("[", "{")), words


def test_a_table_cuts_nothing_short(engage: Engage) -> None:
    engage("init", "mine")
    _, out, _ = engage("triggers", "list", "-p", "mine")
    (row,) = (line for line in out.splitlines() if "mortgage_calculator_at_night" in line)
    assert "chat_offer, callback_slot, sms_morning" in row


def test_what_was_trained_is_shown(engage: Engage, learned_folder: Path) -> None:
    here = ("-p", str(learned_folder))
    models = {row["name"]: row for row in json.loads(engage("models", "list", "--json", *here)[1])}
    assert models["customer_value"]["state"] == "champion"
    assert models["session_intent"]["state"] == "untrained"
    shown = json.loads(engage("models", "show", "customer_value", "--json", *here)[1])
    assert shown["artifact"] == models["customer_value"]["artifact"]
    code, _, err = engage("models", "show", "session_intent", *here)
    assert code == 2
    assert "session_intent has not been trained yet" in err


def test_a_job_runs_by_name_and_what_is_due_runs_once(engage: Engage, tmp_path: Path) -> None:
    engage("init", "mine")
    at = ("-p", "mine", "--at", "2026-03-03T10:00:00")
    code, out, _ = engage("job", "plan_capacity", *at, "--json")
    (run,) = json.loads(out)
    assert (code, run["job"], run["state"], run["error"]) == (0, "plan_capacity", "done", "")
    assert run["done"] > 0
    code, out, _ = engage("tick", "--now", *at, "--json")
    assert code == 0
    assert {row["state"] for row in json.loads(out)} == {"done"}
    code, out, _ = engage("tick", "--now", *at)
    assert (code, out) == (0, "nothing was due, or it is already being done\n")


def test_a_job_that_fails_ends_with_3(engage: Engage) -> None:
    engage("init", "mine")
    job_that("lambda app: 1 / 0")
    code, out, _ = engage("job", "odd", "-p", "mine")
    assert code == 3
    assert "odd: ZeroDivisionError: division by zero" in out
    assert "Traceback" not in out


def test_a_model_that_cannot_be_trained_ends_with_1(engage: Engage) -> None:
    engage("init", "mine")
    code, out, _ = engage("models", "train", "customer_value", "-p", "mine")
    assert code == 1
    assert out.startswith("customer_value: not trained: ")


def test_a_database_that_cannot_be_used_ends_with_3(engage: Engage) -> None:
    engage("init", "mine")
    Path("mine/var").write_text("not a folder")
    code, _, err = engage("verify", "-p", "mine")
    assert code == 3
    assert err.startswith("engage: ")
    assert err.count("\n") == 1


def test_verify_names_what_is_broken_and_ends_with_1(
    engage: Engage, learned: Bank, learned_folder: Path
) -> None:
    here = ("-p", str(learned_folder))
    code, out, _ = engage("verify", *here)
    assert code == 0
    assert {line[:6] for line in out.splitlines()} == {"ok    "}
    assert (
        learned.change(
            "update slots set booked = capacity + 1 where slot_id in "
            "(select min(slot_id) from slots)"
        )
        == 1
    )
    code, out, _ = engage("verify", *here)
    assert code == 1
    assert "BROKEN  No call-back slot is sold twice." in out
    assert "has 2 bookings for 1 places" in out or "bookings for" in out
    code, out, _ = engage("verify", "--json", *here)
    assert code == 1
    assert [rows for rows in json.loads(out).values() if rows]


def test_the_killswitch_is_kept(engage: Engage, learned: Bank, learned_folder: Path) -> None:
    here = ("-p", str(learned_folder))
    assert engage("killswitch", "on", *here)[:2] == (0, "nothing goes out now\n")
    written = learned.rows("select who, verb, what from audit_entries")
    assert written == [{"who": "command line", "verb": "stopped", "what": "all outbound"}]
    assert engage("killswitch", "off", *here)[:2] == (0, "messages and calls go out again\n")


@pytest.mark.parametrize(
    ("file", "broken"),
    [
        ("settings.toml", "[channels.sms\n"),
        ("settings.toml", "[delivery]\ndry_rnu = true\n"),
        ("models/session_intent.py", "MODEL = 1 / 0\n"),
    ],
)
def test_everything_can_be_stopped_while_a_file_is_broken(
    engage: Engage, learned: Bank, learned_folder: Path, file: str, broken: str
) -> None:
    (learned_folder / file).write_text(broken)
    here = ("-p", str(learned_folder))
    assert engage("jobs", *here)[0] == 2
    assert engage("killswitch", "on", *here)[:2] == (0, "nothing goes out now\n")
    assert learned.rows("select value from marks where name = 'killswitch'")[0]["value"]
    assert engage("killswitch", "off", *here)[0] == 0


def test_the_database_that_the_settings_name_is_the_one_stopped(
    engage: Engage, tmp_path: Path
) -> None:
    assert engage("init", "mine")[0] == 0
    other = tmp_path / "other.db"
    told = f'[store]\nurl = "sqlite:///{other}"\n[delivery]\ndry_rnu = true\n'
    Path("mine/settings.toml").write_text(told)
    assert engage("killswitch", "on", "-p", "mine")[0] == 0
    assert other.exists()
    assert not Path("mine/var/engage.db").exists()


@pytest.mark.parametrize("words", [("init",), ("demo", "--folder")], ids=" ".join)
def test_a_folder_that_cannot_be_made_is_named(engage: Engage, words: tuple[str, ...]) -> None:
    Path("afile").write_text("taken")
    for place in ("afile", "afile/sub"):
        code, _, err = engage(*words, place)
        assert code == 2, err
        assert place in err
        assert "Traceback" not in err


def test_a_decision_is_explained(engage: Engage, bank: Bank, monkeypatch: Any) -> None:
    (_, event), *_ = bank.abandon_forms(3)
    monkeypatch.setenv("ENGAGE_STORE_URL", bank.environ["ENGAGE_STORE_URL"])
    code, out, _ = engage("explain", event, "-p", str(bank.folder))
    assert code == 0
    assert "form form_started on /card/form" in out.splitlines()[0]
    assert "application_abandoned (version 1) fired" in out.splitlines()[1]
    code, out, _ = engage("explain", event, "--json", "-p", str(bank.folder))
    (told,) = json.loads(out)["decisions"]
    assert told["trigger"]["name"] == "application_abandoned"
    known = {one["name"]: one for one in told["features"]}
    assert known["form_started"]["value"] is True
    assert known["form_started"]["meaning"]
    assert {one["reason"]: one["passed"] for one in told["rules"]["chat_offer"]}["expired"] is False
    assert told["versions"]["policy_version"] == bank.app.rules.version
    code, out, _ = engage("decisions", "list", "--json", "-p", str(bank.folder))
    assert {row["trigger"] for row in json.loads(out)} == {"application_abandoned"}


def test_decisions_are_replayed(engage: Engage, bank: Bank, monkeypatch: Any) -> None:
    monkeypatch.setenv("ENGAGE_STORE_URL", bank.environ["ENGAGE_STORE_URL"])
    monkeypatch.setenv("ENGAGE_SECRET", bank.environ["ENGAGE_SECRET"])
    asked = ("decisions", "replay", "-p", str(bank.folder))
    code, out, _ = engage(*asked)
    assert (code, out) == (0, "Nothing has been decided yet, so there is nothing to replay.\n")
    bank.abandon_forms(12)
    code, out, _ = engage(*asked)
    assert (code, out.splitlines()[-1]) == (0, "Replay of 12 of 12 decisions: identical.")
    bank.change("update decisions set draw = 0.5")
    code, out, _ = engage(*asked, "--sample", "7")
    assert (code, out.splitlines()[-1]) == (1, "Replay of 7 of 12 decisions: 7 not identical.")
    assert "draw       0 same, 7 different" in out
    assert "  and 2 more, see --json" in out
    code, out, _ = engage(*asked, "--json")
    told = json.loads(out)
    assert (code, told["decisions"], told["identical"]) == (1, 12, 0)
    differing = told["stages"]["draw"]["different"]
    assert {one["stored"] for one in differing} == {0.5}
    assert len({one["decision_id"] for one in differing}) == 12
    bank.change("delete from policies")
    code, out, _ = engage(*asked)
    assert "  12 not replayed, the first dec_" in out
    assert "the policy of then is not stored" in out
    code, _, err = engage(*asked, "--trigger", "mortgage")
    assert code == 2
    assert "there is no trigger 'mortgage'" in err


def test_a_person_is_shown_without_numbers(engage: Engage, bank: Bank, monkeypatch: Any) -> None:
    (person, _), *_ = bank.abandon_forms(1)
    monkeypatch.setenv("ENGAGE_STORE_URL", bank.environ["ENGAGE_STORE_URL"])
    code, out, _ = engage("people", "show", person, "-p", str(bank.folder))
    assert code == 0
    assert json.loads(out)
    assert "+4915555" not in out


def test_numbers_in_a_people_file_without_a_mapping_are_contacts_and_never_shown(
    engage: Engage, tmp_path: Path
) -> None:
    engage("init", "mine")
    head = "customer_id,since,segment,Telefon,handy,mail,tag\n"
    row = "4711,2026-01-15,premium,030 901820,0151 23456789,ada@example.org,Ada 0151 23456780\n"
    (tmp_path / "people.csv").write_text(head + row)
    code, out, _ = engage("import", "people", "people.csv", "-p", "mine")
    assert code == 0
    assert 'phone = { column = "handy", region = "DE" }' in out
    assert 'email = { column = "mail" }' in out
    code, out, _ = engage("people", "show", "4711", "-p", "mine")
    (known,) = json.loads(out)["people"]
    assert json.loads(known["attributes"]) == {"segment": "premium", "tag": "Ada [hidden]"}


def test_the_policy_can_be_asked_about_a_person(
    engage: Engage, bank: Bank, monkeypatch: Any
) -> None:
    who = bank.cast.person("Ann", agreed=("call",))
    bank.cast.tell()
    monkeypatch.setenv("ENGAGE_STORE_URL", bank.environ["ENGAGE_STORE_URL"])
    here = ("-p", str(bank.folder), "--at", "2026-03-07T21:00:00")  # a Saturday
    code, out, _ = engage("policy", "check", who, *here)
    assert code == 0
    assert "Europe/Berlin (Sat 22:00)" in out
    assert "agreed to: call" in out
    assert "The person has not agreed to be contacted this way." in out
    assert "+49" not in out
    assert "Allowed at 2026-03-07 21:00 UTC, which is 2026-03-07 22:00 Europe/Berlin" in out
    (heads,) = (line for line in out.splitlines() if "why not" in line)
    assert "next (Europe/Berlin)   next (UTC)" in heads
    (slot,) = (
        line
        for line in out.splitlines()
        if "application_abandoned" in line and "callback_slot" in line
    )
    assert "2026-03-09 09:00       2026-03-09 08:00" in slot
    assert "outside the hours" in slot
    told = json.loads(engage("policy", "check", who, *here, "--json")[1])
    first = {one["action"]: one["next"] for one in told["actions"]}
    assert first["chat_offer"].startswith("2026-03-07T21:00:00")
    assert first["callback_slot"].startswith("2026-03-09T08:00:00")  # Monday, nine in Berlin
    assert first["sms_followup"] is None
    code, _, err = engage("policy", "check", "4711", *here)
    assert code == 2
    assert "nothing is known of '4711'" in err


def test_the_policy_says_first_that_nothing_goes_out(
    engage: Engage, bank: Bank, monkeypatch: Any
) -> None:
    who = bank.cast.person("Ann")
    bank.cast.tell()
    monkeypatch.setenv("ENGAGE_STORE_URL", bank.environ["ENGAGE_STORE_URL"])
    here = ("-p", str(bank.folder))
    engage("incident", "on", *here)
    engage("killswitch", "on", *here)
    code, out, _ = engage("policy", "check", who, *here)
    assert code == 0
    first, second, *_ = out.splitlines()
    assert first.startswith("Nothing goes out at all: the kill switch is on since ")
    assert "by command line; engage killswitch off" in first
    assert "said by command line: only slots are offered" in second
    assert "   yes   " not in out
    assert out.count("The kill switch is on, so nothing goes out at all.") > 10
    assert "An outage is under way, so outreach is paused." in out


def test_why_somebody_was_not_contacted_is_told_by_the_companys_own_number(
    engage: Engage, tmp_path: Path
) -> None:
    engage("init", "mine")
    left = "call,customer,at,waited,gave_up\nc1,4711,2026-03-03T09:50:00Z,90,yes\n"
    (tmp_path / "calls.csv").write_text(left)
    (tmp_path / "calls.toml").write_text(CALLS)
    here = ("-p", "mine")
    assert engage("import", "interactions", "calls.csv", "--map", "calls.toml", *here)[0] == 0
    code, out, _ = engage("explain", "4711", *here)
    assert (code, out) == (0, "No trigger fired for it, so nothing was decided.\n")
    for job in ("plan_capacity", "score_interactions"):
        assert engage("job", job, *here, "--at", "2026-03-03T10:00:00")[0] == 0
    code, out, _ = engage("explain", "4711", *here)
    assert code == 0
    assert "call_abandoned: The person has not agreed to be contacted this way." in out
    assert engage("explain", "customer:4711", *here)[:2] == (0, out)
    shown = json.loads(engage("people", "show", "4711", *here)[1])
    assert [row["wait_s"] for row in shown["interactions"]] == [90.0]
    assert engage("explain", shown["person_id"], *here)[:2] == (0, out)
    code, _, err = engage("explain", "4712", *here)
    assert code == 2
    assert "nothing is known of '4712'; give a person" in err


def test_somebody_who_stands_on_an_exclusion_list_alone_is_known_as_that(
    engage: Engage, tmp_path: Path
) -> None:
    engage("init", "mine")
    (tmp_path / "left.csv").write_text(
        "customer,reason,source,valid_from,valid_until\n"
        "9999,complaint,service desk,2026-01-15T08:00:00Z,\n"
        "9998,staff,,2026-01-15T08:00:00Z,2026-02-01T00:00:00Z\n"
    )
    here = ("-p", "mine")
    assert engage("exclusions", "import", "left.csv", *here)[0] == 0
    code, out, _ = engage("explain", "9999", *here)
    told = "excluded until further notice: complaint, says service desk"
    assert (code, out.splitlines()[0]) == (0, f"2026-01-15 08:00:00  {told}")
    assert "nothing was decided" in out
    until = "excluded until 2026-02-01 00:00:00: staff"
    assert until in engage("explain", "9998", *here)[1]
    code, out, _ = engage("policy", "check", "9999", *here)
    assert code == 0
    told = "excluded since 2026-01-15 08:00 UTC, until further notice: complaint, says service desk"
    assert told in out
    lines = [line for line in out.splitlines() if "   no   " in line]
    assert lines
    assert all("The person is on an exclusion list" in line for line in lines)
    code, out, _ = engage("people", "show", "9999", *here)
    assert code == 0
    (row,) = json.loads(out)["exclusions"]
    assert (row["reason"], row["valid_from"]) == ("complaint", "2026-01-15T08:00:00")
    assert engage("people", "show", "9997", *here)[0] == 2


def test_a_person_who_was_decided_for_is_explained_with_it(
    engage: Engage, bank: Bank, monkeypatch: Any
) -> None:
    (person, event), *_ = bank.abandon_forms(2)
    monkeypatch.setenv("ENGAGE_STORE_URL", bank.environ["ENGAGE_STORE_URL"])
    here = ("-p", str(bank.folder))
    _, by_event, _ = engage("explain", event, *here)
    code, by_person, _ = engage("explain", person, *here)
    assert code == 0
    assert by_event.splitlines()[1:] == by_person.splitlines()


def test_a_database_of_a_newer_engage_is_told_apart_and_let_go(
    engage: Engage, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engage("init", "mine")
    monkeypatch.setenv("ENGAGE_STORE_URL", store_url)
    change(store_url, "UPDATE alembic_version SET version_num = 'f' || version_num")
    try:
        code, _, err = engage("verify", "-p", "mine")
    finally:
        change(store_url, "UPDATE alembic_version SET version_num = substr(version_num, 2)")
    assert code == 3
    assert "belongs to a newer Engage" in err
    assert err.count("\n") == 1


def test_a_fault_of_ours_ends_with_3_and_tells_all(
    engage: Engage, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.change("UPDATE triggers SET body = 'no JSON'")
    monkeypatch.setenv("ENGAGE_STORE_URL", bank.environ["ENGAGE_STORE_URL"])
    code, _, err = engage("triggers", "list", "-p", str(bank.folder))
    assert code == 3
    assert err.startswith("Traceback")


def change(url: str, statement: str) -> None:
    """Change a database behind everybody's back."""
    store = Store.open(url)
    with store.write() as tx:
        tx.exec_driver_sql(statement)
    store.close()


def job_that(does: str) -> None:
    """Write a job into the project `mine` that does this when it runs."""
    shipped = Path("mine/jobs/archive_history.py").read_text()
    named = shipped.replace('name="archive_history"', 'name="odd"')
    Path("mine/jobs/odd.py").write_text(named.replace("run=archive_history", f"run={does}"))


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_says_that_what_was_finished_is_kept(engage: Engage) -> None:
    engage("init", "mine")
    job_that("lambda app: __import__('signal').raise_signal(2)")
    code, _, err = engage("job", "odd", "-p", "mine")
    assert code == 130
    assert err == "engage: stopped; what was finished is kept, the rest was not begun\n"
    (row,) = [
        row for row in json.loads(engage("jobs", "--json", "-p", "mine")[1]) if row["name"] == "odd"
    ]
    assert (row["state"], row["report"]) == ("failed", "KeyboardInterrupt: ")


def test_running_by_the_clock_ends_when_told_to(engage: Engage) -> None:
    engage("init", "mine")
    environ = {**os.environ, "ENGAGE_SECRET": SECRET}
    command = [sys.executable, "-u", "-c", START, "run", "-p", "mine"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "17 jobs run by the clock; Ctrl-C stops them\n"
        running.terminate()
        assert running.wait(60) == 0
