"""A draft goes live by a second person, and from then on everything means the new version."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from engage.app.checkup import check_up
from engage.app.trigger_approval import approve
from engage.app.triggers import live, switch
from engage.domain.scores import Subject
from engage.domain.triggers import TriggerState
from engage.errors import WrongUse
from engage.store import triggers as stored
from tests.app.trigger_files import edited, hand_in, table
from tests.bank import Bank

NAME = "call_abandoned"
S = TriggerState


def change(bank: Bank, holdout: float, by: str = "anna") -> int:
    """Hand in another share on top of the newest version; return the draft's number."""
    with bank.app.store.read() as tx:
        newest = stored.versions(tx, NAME)[0]
    (told,) = hand_in(bank, table(NAME, holdout=holdout, version=newest.version), by)
    return told.version


def states(bank: Bank) -> list[tuple[int, TriggerState]]:
    with bank.app.store.read() as tx:
        return [(one.version, one.state) for one in reversed(stored.versions(tx, NAME))]


def in_force(bank: Bank) -> int:
    with bank.app.store.read() as tx:
        return next(one.version for one in stored.current(tx) if one.name == NAME)


def test_a_second_person_lets_it_go_live_and_the_one_before_is_paused(bank: Bank) -> None:
    change(bank, 0.2)
    for same_person in ("anna", "Anna "):
        with pytest.raises(
            WrongUse, match=r"anna wrote version 2 .*, so somebody else approves it"
        ):
            approve(bank.app, NAME, by=same_person)
    assert in_force(bank) == 1

    found = approve(bank.app, NAME, by="bert")

    assert (found.version, found.state, found.approved_by) == (2, S.LIVE, "bert")
    assert states(bank) == [(1, S.PAUSED), (2, S.LIVE)]
    (rules,) = [one for one in live(bank.app, Subject.INTERACTION) if one.name == NAME]
    assert (rules.version, rules.holdout) == (2, 0.2)
    written = bank.rows('select version, verb, "by" from approvals order by verb')
    assert [tuple(row.values()) for row in written] == [
        ("2", "approved", "bert"),
        ("2", "live", "bert"),
    ]


def test_pausing_and_resuming_mean_the_version_that_was_live_last(bank: Bank) -> None:
    change(bank, 0.2)
    approve(bank.app, NAME, by="bert")
    change(bank, 0.3)  # a draft that nobody has approved

    assert switch(bank.app, NAME, S.PAUSED).version == 2
    assert (in_force(bank), live_ones(bank)) == (2, [])
    assert switch(bank.app, NAME, S.LIVE).version == 2
    assert states(bank) == [(1, S.PAUSED), (2, S.LIVE), (3, S.DRAFT)]


def live_ones(bank: Bank) -> list[int]:
    return [version for version, state in states(bank) if state is S.LIVE]


def test_a_draft_that_is_held_goes_live_when_it_is_approved_once_more(bank: Bank) -> None:
    change(bank, 0.2)
    assert approve(bank.app, NAME, by="bert", hold=True).state is S.APPROVED
    assert in_force(bank) == 1
    with pytest.raises(WrongUse, match="goes live without --hold"):
        approve(bank.app, NAME, by="bert", hold=True)
    assert approve(bank.app, NAME, by="carl").state is S.LIVE
    with bank.app.store.read() as tx:
        held = stored.version(tx, NAME, 2)
    assert held is not None
    assert held.approved_by == "bert"


def test_an_older_version_never_goes_live_over_a_newer_one(bank: Bank) -> None:
    for holdout in (0.2, 0.3):
        change(bank, holdout)
    approve(bank.app, NAME, by="bert")
    assert states(bank) == [(1, S.PAUSED), (2, S.DRAFT), (3, S.LIVE)]
    with pytest.raises(
        WrongUse, match="version 2 of call_abandoned has been overtaken by version 3"
    ):
        approve(bank.app, NAME, by="bert", number=2)
    with pytest.raises(WrongUse, match="version 1 of call_abandoned is paused"):
        approve(bank.app, NAME, by="bert", number=1)
    with bank.app.store.write() as tx:
        at = bank.app.now()
        assert stored.set_state(tx, NAME, 2, S.APPROVED, by="bert", at=at)
        assert not stored.set_state(tx, NAME, 2, S.LIVE, by="bert", at=at)
        assert not stored.set_state(tx, NAME, 1, S.LIVE, by="bert", at=at)


def test_two_who_approve_at_once_leave_one_version_live(bank: Bank) -> None:
    change(bank, 0.2)

    def go(who: str) -> str:
        try:
            return str(approve(bank.app, NAME, by=who).state)
        except WrongUse as refused:
            return str(refused)

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(go, ("bert", "carl")))
    assert said[0] == "live"
    assert live_ones(bank) == [2]
    assert bank.rows("select count(*) as n from approvals where verb = 'approved'")[0]["n"] == 1


def test_versions_that_go_live_at_once_leave_the_newest_live_alone(bank: Bank) -> None:
    for holdout in (0.2, 0.3):
        number = change(bank, holdout)
        with bank.app.store.write() as tx:
            assert stored.set_state(tx, NAME, number, S.APPROVED, by="bert", at=bank.app.now())

    def go(number: int) -> bool:
        with bank.app.store.write() as tx:
            return stored.set_state(tx, NAME, number, S.LIVE, by="bert", at=bank.app.now())

    with ThreadPoolExecutor(2) as pool:
        went = list(pool.map(go, (2, 3)))
    assert went[1]
    assert live_ones(bank) == [3]


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("call_abandonned", None, "did you mean 'call_abandoned'"),
        (NAME, None, "nothing of call_abandoned waits for approval; version 1 is the newest"),
        (NAME, 7, "call_abandoned has no version 7; the newest is 1"),
        (NAME, 1, "version 1 of call_abandoned is live"),
    ],
)
def test_what_cannot_be_approved_says_why(
    bank: Bank, name: str, number: int | None, words: str
) -> None:
    with pytest.raises(WrongUse, match=words):
        approve(bank.app, name, by="bert", number=number)


def callers(bank: Bank, waited: list[float]) -> None:
    for number, seconds in enumerate(waited):
        bank.cast.contact(bank.cast.person(f"caller {number}"), wait_s=seconds)
    bank.cast.tell()
    bank.later(minutes=1)


def test_a_trigger_that_fires_for_nearly_everybody_is_refused(bank: Bank) -> None:
    callers(bank, [90.0] * 13 + [30.0] * 7)
    hand_in(bank, table("left_waiting", when="wait_s > 60"))
    with pytest.raises(
        WrongUse, match=r"it fires for 13 of 20 contacts .65%.; .*approve it --anyway"
    ):
        approve(bank.app, "left_waiting", by="bert")
    assert approve(bank.app, "left_waiting", by="bert", anyway=True).state is S.LIVE


@pytest.mark.parametrize(
    ("waited", "more"),
    [
        ([90.0] * 10 + [30.0] * 10, {}),  # half of them is not nearly everybody
        ([90.0] * 19, {}),  # too few to tell
        ([90.0] * 20, {"class": "requested", "holdout": 0}),  # they asked for it
    ],
)
def test_who_singles_somebody_out_is_not(
    bank: Bank, waited: list[float], more: dict[str, object]
) -> None:
    callers(bank, waited)
    hand_in(bank, table("left_waiting", when="wait_s > 60", **more))
    assert approve(bank.app, "left_waiting", by="bert").state is S.LIVE


def test_a_condition_that_holds_no_more_is_not_approved(bank: Bank) -> None:
    change(bank, 0.2)
    bank.change("update triggers set body = replace(body, 'wait_s', 'wiat_s') where version = 2")
    with pytest.raises(WrongUse, match="wait_s"):
        approve(bank.app, NAME, by="bert")


def test_the_check_up_says_what_waits_and_how_the_file_gets_in(bank: Bank) -> None:
    def told(written: dict[str, object]) -> list[tuple[str, str]]:
        found = check_up(bank.app, written, {})  # type: ignore[arg-type]
        return [(one.says, one.remedy) for one in found if one.about == f"trigger {NAME}"]

    with bank.app.store.read() as tx:
        seed = stored.version(tx, NAME, 1)
    change(bank, 0.2)
    ((says, remedy),) = told({NAME: seed})
    assert says == "version 2 by anna waits for approval"
    assert "engage triggers approve call_abandoned" in remedy

    with bank.app.store.read() as tx:
        draft = stored.version(tx, NAME, 2)
    assert len(told({NAME: draft})) == 1  # the file says what waits: one thing to do
    approve(bank.app, NAME, by="bert", hold=True)
    assert told({NAME: draft})[0][0] == "version 2 is approved and held"
    approve(bank.app, NAME, by="bert")
    assert told({NAME: draft}) == []
    ((says, remedy),) = told({NAME: seed})
    assert says.startswith("settings.toml says otherwise than version 2, which is in force: ")
    assert "engage triggers export call_abandoned" in remedy


def test_an_export_of_the_new_version_is_the_base_of_the_next_edit(bank: Bank) -> None:
    change(bank, 0.2)
    approve(bank.app, NAME, by="bert")
    (told,) = hand_in(bank, edited(bank, NAME, "holdout = 0.2", "holdout = 0.1"))
    assert told.changes == ("holdout: 0.1 instead of 0.2",)
    assert told.version == 3
