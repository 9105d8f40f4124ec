"""What people change in a file becomes drafts: all of it or nothing, and over nobody's newer edit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from engage.app.trigger_edits import apply, export, read
from engage.domain.triggers import Trigger, TriggerState
from engage.errors import WrongUse
from engage.store import triggers as stored
from tests.app.trigger_files import edited, hand_in, table
from tests.bank import Bank

NAME, OTHER = "call_abandoned", "application_abandoned"


def versions(bank: Bank, name: str = NAME) -> list[Trigger]:
    with bank.app.store.read() as tx:
        return stored.versions(tx, name)


def outcomes(bank: Bank, text: str, *, dry_run: bool = False) -> dict[str, tuple[str, int]]:
    told = hand_in(bank, text, dry_run=dry_run)
    return {one.name: (one.outcome, one.version) for one in told}


def test_what_was_exported_is_nothing_new(bank: Bank) -> None:
    told = outcomes(bank, export(bank.app))
    with bank.app.store.read() as tx:
        assert told == {one.name: ("same", 1) for one in stored.current(tx)}
    assert bank.count("triggers") == len(told)


def test_only_what_says_something_else_becomes_a_draft(bank: Bank) -> None:
    text = edited(bank, NAME, "holdout = 0.5", "holdout = 0.2") + export(bank.app, [OTHER])

    assert outcomes(bank, text) == {NAME: ("changed", 2), OTHER: ("same", 1)}

    draft, before = versions(bank)
    assert (draft.holdout, draft.state, draft.by) == (0.2, TriggerState.DRAFT, "anna")
    assert (before.holdout, before.state) == (0.5, TriggerState.LIVE)
    assert len(versions(bank, OTHER)) == 1
    # The same file once more says what the draft says already.
    assert outcomes(bank, text) == {NAME: ("same", 2), OTHER: ("same", 1)}


def test_every_key_goes_out_and_comes_in_again(bank: Bank) -> None:
    odd = {
        "when": "topic = 'say \"hello\"\\n' and wait_s > 0.1",
        "horizon_h": 0.7,
        "validity_min": 7.3,
        "journey": "mortgage",
        "stake": "journey",
        "stake_share": 0.123456789,
        "variants": ["plain", "warm"],
    }
    hand_in(bank, table("odd", **odd))
    assert outcomes(bank, export(bank.app, ["odd"])) == {"odd": ("same", 1)}


def test_a_new_trigger_needs_no_version_and_is_a_draft(bank: Bank) -> None:
    assert outcomes(bank, table("left_waiting")) == {"left_waiting": ("new", 1)}
    assert [one.state for one in versions(bank, "left_waiting")] == [TriggerState.DRAFT]


def test_a_dry_run_tells_all_and_stores_nothing(bank: Bank) -> None:
    told = outcomes(bank, table("left_waiting"), dry_run=True)
    assert told == {"left_waiting": ("new", 1)}
    assert versions(bank, "left_waiting") == []


def test_a_newer_edit_is_not_overwritten_and_nothing_of_the_file_is_applied(bank: Bank) -> None:
    mine = edited(bank, NAME, "wait_s > 60", "wait_s > 90") + table("left_waiting")
    hand_in(bank, edited(bank, NAME, "holdout = 0.5", "holdout = 0.2"), by="bert")

    with pytest.raises(WrongUse) as refused:
        hand_in(bank, mine)

    said = str(refused.value)
    assert "began from version 1, but bert wrote version 2 on 2026-03-03 10:00 UTC" in said
    assert said.endswith("nothing of the file was applied")
    assert versions(bank, "left_waiting") == []
    assert [one.by for one in versions(bank)] == ["bert", "settings"]
    # On top of bert's, with his version, it is taken.
    assert hand_in(bank, mine.replace("version = 1", "version = 2"))[0].version == 3


def test_of_two_who_apply_the_same_base_at_once_one_is_refused(bank: Bank) -> None:
    file = bank.folder / "edit.toml"
    file.write_text(edited(bank, NAME, "holdout = 0.5", "holdout = 0.2") + table("left_waiting"))
    one = read(bank.app, file)
    file.write_text(edited(bank, NAME, "holdout = 0.5", "holdout = 0.3") + table("left_waiting"))
    other = read(bank.app, file)

    def hand(who: int) -> str:
        try:
            apply(bank.app, (one, other)[who], by=("anna", "bert")[who])
        except WrongUse as refused:
            return str(refused)
        return ""

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(hand, (0, 1)))

    assert said[0] == ""
    assert "wrote version 2 on" in said[1]
    assert len(versions(bank)) == 2
    assert len(versions(bank, "left_waiting")) == 1


def test_who_was_faster_by_a_hair_is_found_by_the_number_that_is_taken(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on PostgreSQL, where both may have read the versions before either is written."""
    file = bank.folder / "edit.toml"
    file.write_text(table("left_waiting") + edited(bank, NAME, "holdout = 0.5", "holdout = 0.3"))
    mine = read(bank.app, file)
    hand_in(bank, edited(bank, NAME, "holdout = 0.5", "holdout = 0.2"), by="bert")
    real, asked = stored.versions, iter([True, True])

    def as_before(tx: object, name: str) -> list[Trigger]:
        found = real(tx, name)  # type: ignore[arg-type]
        return found[1:] if next(asked, False) and name == NAME else found

    monkeypatch.setattr(stored, "versions", as_before)
    with pytest.raises(WrongUse, match="bert wrote version 2"):
        apply(bank.app, mine, by="anna")
    monkeypatch.undo()
    assert [one.by for one in versions(bank)] == ["bert", "settings"]
    assert versions(bank, "left_waiting") == []


def test_the_settings_file_may_change_what_it_seeded_itself_and_nothing_newer(bank: Bank) -> None:
    file = bank.folder / "settings.toml"
    file.write_text(file.read_text().replace("wait_s > 60", "wait_s > 90"))

    told = {one.name: one.outcome for one in apply(bank.app, read(bank.app, file), by="anna")}
    assert [name for name, outcome in told.items() if outcome != "same"] == [NAME]

    file.write_text(file.read_text().replace("wait_s > 90", "wait_s > 80"))
    with pytest.raises(WrongUse, match="names no version to begin from, but anna wrote version 2"):
        apply(bank.app, read(bank.app, file), by="anna")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"holdot": 0.1},
            r"edit.toml \[triggers.mine\] holdot: unknown key; the nearest is 'holdout'",
        ),
        (
            {"stake_minor": -5},
            r"\[triggers.mine\] stake_minor: -5 does not fit; .*greater than or equal",
        ),
        (
            {"actions": ["callback_slott"]},
            r"edit.toml \[triggers.mine\] actions: .*'callback_slot'",
        ),
        ({"goal": "recoverd"}, r"\[triggers.mine\] goal: .*'recovered'"),
        ({"journey": "mortage"}, r"\[triggers.mine\] journey: .*'mortgage'"),
        ({"when": "wiat_s > 60"}, "trigger mine: .*wait_s"),
        ({"when": "wait_s > 'long'"}, "trigger mine: .*do not go together"),
        ({"version": "two"}, r"\[triggers.mine\] version: 'two' is not a whole number"),
        ({"version": 3}, "trigger mine: version 3 is not there; a new trigger names none"),
        ({"horizon_h": None}, r"\[triggers.mine\] horizon_h: this key is needed"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    bank: Bank, changed: dict[str, object], words: str
) -> None:
    with pytest.raises(WrongUse, match=words):
        hand_in(bank, table("mine", **changed))
    assert versions(bank, "mine") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no .triggers.NAME. in it"),
        ("[triggers.a", "not TOML"),
        ("[actions.gift]\ncost_minor = -1", r"only \[triggers.NAME\] can be brought in"),
        ("[trigger.a]\nwhen = 'x'", r"\[trigger\]: unknown key; the nearest is 'triggers'"),
    ],
)
def test_a_file_of_something_else_is_refused(bank: Bank, text: str, words: str) -> None:
    with pytest.raises(WrongUse, match=words):
        hand_in(bank, text)


@pytest.mark.parametrize(
    ("old", "new"),
    [('goal = "recovered"', 'goal = "application_submitted"'), ('"interaction"', '"session"')],
)
def test_what_makes_it_another_trigger_takes_another_name(bank: Bank, old: str, new: str) -> None:
    text = edited(bank, NAME, old, new).replace("abandoned and wait_s > 60", "true")
    with pytest.raises(WrongUse, match="it is another trigger, and its effect another effect"):
        hand_in(bank, text)
    # A draft that nobody was ever approached by may still become anything.
    hand_in(bank, table("left_waiting"))
    assert outcomes(
        bank, edited(bank, "left_waiting", old, new).replace("abandoned and wait_s > 60", "true")
    ) == {"left_waiting": ("changed", 2)}


def test_a_change_without_a_name_to_it_is_refused(bank: Bank) -> None:
    with pytest.raises(WrongUse, match="--by NAME"):
        hand_in(bank, table("left_waiting"), by=" ")
