from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from engage.domain.actions import ContactClass
from engage.domain.scores import Subject
from engage.domain.triggers import Stake, Trigger, TriggerState
from engage.store import Store, Tx, approvals, artifacts, audit, triggers, users
from engage.store.artifacts import Record
from tests.store.samples import DAY, HOUR, NOON

S = TriggerState
NIGHT = Trigger(
    name="mortgage_calculator_at_night",
    subject=Subject.SESSION,
    when="calculator_views >= 1",
    actions=("chat_offer", "sms"),
    goal="application_submitted",
    horizon=timedelta(days=14),
    contact_class=ContactClass.MARKETING,
    stake=Stake.JOURNEY,
    journey="mortgage",
    variants=("plain", "warm"),
    state=S.DRAFT,
    by="anna",
)


def go(tx: Tx, number: int, *states: S, by: str = "bert") -> bool:
    return all(
        triggers.set_state(tx, NIGHT.name, number, state, by=by, at=NOON) for state in states
    )


def test_a_trigger_comes_back_as_it_was_written(store: Store) -> None:
    with store.write() as tx:
        assert triggers.add_version(tx, NIGHT, NOON) == NIGHT
        assert triggers.version(tx, NIGHT.name, 1) == NIGHT
        assert triggers.version(tx, NIGHT.name, 2) is None


def test_each_change_is_a_version_and_the_live_one_rules(store: Store) -> None:
    with store.write() as tx:
        triggers.add_version(tx, NIGHT, NOON)
        assert go(tx, 1, S.APPROVED, S.LIVE)
        second = triggers.add_version(tx, replace(NIGHT, holdout=0.2), NOON + HOUR)
        assert second.version == 2
        assert [one.version for one in triggers.current(tx)] == [1]
        assert go(tx, 2, S.APPROVED, S.LIVE)
        assert [one.version for one in triggers.current(tx)] == [2]
        assert [one.state for one in triggers.versions(tx, NIGHT.name)] == [S.LIVE, S.PAUSED]


def test_nobody_approves_what_they_wrote(store: Store) -> None:
    with store.write() as tx:
        triggers.add_version(tx, NIGHT, NOON)
        assert not go(tx, 1, S.APPROVED, by="anna")
        assert not go(tx, 1, S.APPROVED, by="Anna")
        assert go(tx, 1, S.APPROVED)
        held = triggers.version(tx, NIGHT.name, 1)
        assert held is not None
        assert held.approved_by == "bert"
        assert approvals.read(tx, "trigger", NIGHT.name)["verb"].to_pylist() == ["approved"]


@pytest.mark.parametrize("step", [S.LIVE, S.PAUSED, S.DRAFT])
def test_a_draft_goes_nowhere_without_approval(store: Store, step: S) -> None:
    with store.write() as tx:
        triggers.add_version(tx, NIGHT, NOON)
        assert not go(tx, 1, step)


def test_two_who_write_at_once_get_two_versions(store: Store) -> None:
    def write(_: int) -> int:
        with store.write() as tx:
            return triggers.add_version(tx, NIGHT, NOON).version

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(write, range(8))) == list(range(1, 9))


def test_no_version_goes_live_after_a_newer_one_has(store: Store) -> None:
    with store.write() as tx:
        for number in (1, 2, 3):
            triggers.add_version(tx, NIGHT, NOON)
            assert go(tx, number, S.APPROVED)
        assert go(tx, 2, S.LIVE)
        assert not go(tx, 1, S.LIVE)
        assert go(tx, 2, S.PAUSED)
        assert not go(tx, 1, S.LIVE)
        assert [one.version for one in triggers.current(tx)] == [2]
        assert go(tx, 2, S.LIVE)
        assert go(tx, 3, S.LIVE)
        assert [one.state for one in triggers.versions(tx, NIGHT.name)] == [
            S.LIVE,
            S.PAUSED,
            S.APPROVED,
        ]


def test_a_number_is_taken_once_and_says_when(store: Store) -> None:
    with store.write() as tx:
        assert triggers.add_after(tx, NIGHT, 0, NOON) == NIGHT
        assert triggers.add_after(tx, replace(NIGHT, by="carl"), 0, NOON + HOUR) is None
        assert triggers.written_at(tx, NIGHT.name, 1) == NOON
        assert triggers.written_at(tx, NIGHT.name, 2) is None
        held = triggers.version(tx, NIGHT.name, 1)
        assert held is not None
        assert held.by == "anna"


def test_the_newest_version_waits_until_it_is_live_and_no_older_one(store: Store) -> None:
    def waiting(tx: Tx) -> list[int]:
        return [one.version for one in triggers.waiting(tx)]

    with store.write() as tx:
        triggers.add_version(tx, NIGHT, NOON)
        triggers.add_version(tx, NIGHT, NOON)
        assert waiting(tx) == [2]
        assert go(tx, 2, S.APPROVED)
        assert waiting(tx) == [2]
        assert go(tx, 2, S.LIVE)
        assert waiting(tx) == []
        assert go(tx, 2, S.PAUSED)
        assert waiting(tx) == []


def trained(number: int, days: int = 0) -> Record:
    return Record(
        artifact_id=f"art_{number}",
        model="session_intent",
        created_at=NOON + days * DAY,
        folder=f"var/artifacts/{number}",
        sha256="0" * 64,
        body={"metrics": {"roc_auc": 0.9}},
    )


def test_one_model_is_in_use_and_its_predecessor_can_come_back(store: Store) -> None:
    with store.write() as tx:
        assert artifacts.champion(tx, "session_intent") is None
        for number in (1, 2):
            assert artifacts.add(tx, trained(number, number))
            artifacts.promote(tx, f"art_{number}", by="settings", at=NOON + number * DAY)
        assert not artifacts.add(tx, trained(1))
        assert [one.artifact_id for one in artifacts.champions(tx)] == ["art_2"]
        back = artifacts.rollback(tx, "session_intent", by="anna", at=NOON + 3 * DAY)
        assert back is not None
        held = artifacts.champion(tx, "session_intent")
        assert held is not None
        assert (held.artifact_id, held.promoted_by, held.body["metrics"]) == (
            "art_1",
            "anna",
            {"roc_auc": 0.9},
        )
        assert [one.state for one in artifacts.read(tx)] == ["retired", "champion"]
        assert approvals.read(tx, "artifact", "session_intent")["verb"].to_pylist() == [
            "promote",
            "promote",
            "rollback",
        ]


def test_there_is_nothing_to_go_back_to_after_the_first_model(store: Store) -> None:
    with store.write() as tx:
        artifacts.add(tx, trained(1))
        artifacts.promote(tx, "art_1", by="settings", at=NOON)
        assert artifacts.rollback(tx, "session_intent", by="anna", at=NOON) is None
        with pytest.raises(KeyError):
            artifacts.promote(tx, "art_unknown", by="anna", at=NOON)


def test_the_audit_log_keeps_the_order_of_what_was_done(store: Store) -> None:
    with store.write() as tx:
        for verb in ("approve", "go live"):
            audit.add(tx, who="bert", verb=verb, what="trigger night 1", at=NOON)
        assert audit.read(tx)["verb"].to_pylist() == ["go live", "approve"]


def test_a_name_has_one_role(store: Store) -> None:
    with store.write() as tx:
        assert users.add(tx, "anna", "marketing", NOON)
        assert not users.add(tx, "anna", "admin", NOON)
        assert users.roles(tx) == {"anna": "marketing"}
        assert users.remove(tx, "anna")
        assert not users.remove(tx, "anna")
