"""Files of triggers, as people hand them in."""

from __future__ import annotations

from typing import Any

from engage.app.trigger_edits import Applied, apply, export, read
from engage.settings.values import written
from tests.bank import Bank

LEFT_WAITING: dict[str, Any] = {
    "subject": "interaction",
    "when": "abandoned and wait_s > 60",
    "class": "service",
    "actions": ["callback_slot"],
    "goal": "recovered",
    "horizon_h": 168,
    "stake_minor": 20000,
    "holdout": 0.5,
    "exploration": 0,
}
"""Whoever hung up waiting is called back; worth .07 x 20000 - 15 - 8 x 50 - 30 = 955 each."""


def table(name: str, **keys: Any) -> str:
    """Return a trigger of LEFT_WAITING's kind as it stands in a file; None leaves a key out."""
    told = {key: value for key, value in (LEFT_WAITING | keys).items() if value is not None}
    lines = [f"{key} = {written(value)}" for key, value in told.items()]
    return "\n".join([f"[triggers.{name}]", *lines, ""])


def hand_in(bank: Bank, text: str, by: str = "anna", *, dry_run: bool = False) -> list[Applied]:
    """Apply a file with this text."""
    file = bank.folder / "edit.toml"
    file.write_text(text)
    return apply(bank.app, read(bank.app, file), by=by, dry_run=dry_run)


def edited(bank: Bank, name: str, old: str, new: str) -> str:
    """Return an export of a trigger with something else in the place of this."""
    text = export(bank.app, [name])
    assert old in text
    return text.replace(old, new)
