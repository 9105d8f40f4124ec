"""The check-up finds what stops the work, and says what to do about it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from engage.app.checkup import Finding, check_up
from engage.app.definitions import actions_of, goals_of, triggers_of
from engage.app.delivering import set_killswitch
from engage.domain.messages import MessageState
from engage.store import artifacts
from tests.bank import Bank


def found(bank: Bank, **settings: str) -> list[Finding]:
    """Return what is not well."""
    app = bank.app
    written = triggers_of(app.settings, goals_of(app.settings), actions_of(app.settings))
    written |= {name: replace(written[name], when=when) for name, when in settings.items()}
    due = {name: job.due(app.now(), app.zone) for name, job in bank.project.jobs.items()}
    return [one for one in check_up(app, written, due) if one.level != "ok"]


def about(bank: Bank, **settings: str) -> dict[str, str]:
    return {one.about: f"{one.says} -> {one.remedy}" for one in found(bank, **settings)}


def test_a_new_project_is_told_its_first_steps(bank: Bank) -> None:
    told = about(bank)

    assert told["capacity"].endswith("engage job plan_capacity")
    assert told["model session_intent"].endswith(
        "engage models train session_intent says what is missing"
    )
    assert "its triggers stay silent" in told["model session_intent"]
    assert "each trigger's stake_share stands in" in told["model interaction_churn"]
    assert "score_sessions" in told["jobs"]


def test_a_project_at_work_has_nothing_to_mend(learned: Bank) -> None:
    learned.later(seconds=1)
    learned.run(*learned.project.jobs)

    # The bank is too small for some of its models, and says so.
    assert [one for one in found(learned) if "never trained" not in one.says] == []


def test_a_run_that_is_overdue_and_one_that_failed_are_named(bank: Bank) -> None:
    bank.run(*(name for name in bank.project.jobs if name != "purge_expired"))
    assert about(bank)["jobs"].startswith("1 of 17 have a run to make up: purge_expired")

    bank.run("purge_expired")
    bank.change("update job_runs set state = 'failed', error = 'disk full'")
    assert about(bank)["job purge_expired"] == "its last run failed: disk full -> see the log"


def test_what_was_altered_behind_the_back_is_broken(learned: Bank) -> None:
    with learned.app.store.read() as tx:
        record = artifacts.champions(tx)[0]
    book = learned.folder / record.folder / f"{record.model}.txt"
    book.write_text(book.read_text().replace("leaf_value=", "leaf_value=9", 1))

    broken = [one for one in found(learned) if one.level == "broken"]

    assert [one.about for one in broken] == [f"model {record.model}"]
    assert broken[0].says.startswith("the files in ")
    assert broken[0].remedy == f"engage models train {record.model}"


def test_a_trigger_whose_file_says_otherwise_is_named_with_what_differs(bank: Bank) -> None:
    told = about(bank, call_abandoned="abandoned and wait_s > 90")

    assert told["trigger call_abandoned"].startswith(
        "settings.toml says otherwise than version 1, which is in force: when"
    )
    assert "trigger call_unresolved" not in told


def test_a_country_without_hours_is_told_with_its_people(bank: Bank) -> None:
    bank.cast.person("Ann")
    bank.cast.tell()
    assert "contact policy" not in about(bank)

    bank.cast.person("Beat", country="ch", phone="+41791234567")  # twice in Switzerland, once told
    bank.cast.person("Cai", phone="+4799123456")  # a Norwegian number, at home in Germany
    bank.cast.person("Dora", country="")
    bank.cast.tell()

    assert about(bank)["contact policy"] == (
        "2 people may be in CH, NO, where nobody is ever called or written to: no hours are set -> "
        "add a row to [policy.windows] in settings.toml once its rules are looked up"
    )


def test_where_somebody_was_before_does_not_count(bank: Bank) -> None:
    bank.cast.person("Beat", country="CH")
    bank.cast.tell()
    assert "CH" in about(bank)["contact policy"]
    bank.later(days=1)
    bank.cast.person("Beat", country="AT")
    bank.cast.tell()
    assert "contact policy" not in about(bank)


def test_what_waits_or_was_given_up_is_counted(bank: Bank) -> None:
    bank.abandon_forms(2)
    assert "messages" not in about(bank)
    bank.change("update messages set state = :state", state=str(MessageState.DEAD))
    set_killswitch(bank.app.store, bank.app.now(), on=True, who="Eve")
    told = about(bank)

    given_up = bank.count("messages")
    assert given_up > 0
    assert told["messages"].startswith(f"{given_up} messages were given up")
    assert "by Eve" in told["kill switch"]


def test_a_full_disk_is_told_before_it_is_full(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(bank.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100 << 20))

    assert about(bank)["disk"].startswith("0.1 GB are free")
