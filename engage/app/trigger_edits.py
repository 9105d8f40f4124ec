"""Triggers that people changed in a file become drafts, all of them or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from engage.app.app import App
from engage.app.definitions import triggers_of, written
from engage.app.trigger_diff import differences, same
from engage.app.triggers import check_trigger, unknown
from engage.domain.triggers import Trigger, TriggerState
from engage.errors import WrongUse
from engage.settings import load, trigger_file
from engage.settings.load import FILE
from engage.store import Tx
from engage.store import triggers as stored

SEED = "settings"
"""Who wrote what the settings file said when the project first met it."""
_ITS_OWN = ("subject", "goal", "aa")
"""What a trigger watches and what it is to reach: with another, it is another trigger. And whether it
does anything: an effect of which a part can be none is no effect of it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What a file wants a trigger to say, and the stored version that it began from."""

    trigger: Trigger
    base: int
    """0 where the file names none."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one trigger of a file."""

    name: str
    outcome: Literal["new", "changed", "same"]
    version: int
    """The draft's; of one that says the same, that of the version that says so."""
    changes: tuple[str, ...] = ()
    """What it says otherwise than the version in force, in words."""


def export(app: App, names: Collection[str] = ()) -> str:
    """Return the versions in force, of all or of these triggers, as a file to edit and apply."""
    with app.store.read() as tx:
        in_force = {trigger.name: trigger for trigger in stored.current(tx)}
    for name in names:
        if name not in in_force:
            raise unknown(name, in_force)
    chosen = [in_force[name] for name in names] or list(in_force.values())
    return trigger_file.as_toml({trigger.name: written(trigger) for trigger in chosen})


def read(app: App, path: Path) -> dict[str, Edit]:
    """Return what a file wants each of its triggers to say; refused unless all of it is sound.

    The project's own settings.toml is such a file too: what it says of triggers is read.
    """
    own = path.resolve() == (app.folder / FILE).resolve()
    tables = load(app.folder).triggers if own else trigger_file.read(path)
    asked = app.settings.model_copy(update={"triggers": tables})
    triggers = triggers_of(asked, app.goals, app.actions, file=str(path))
    for trigger in triggers.values():
        check_trigger(app, trigger)
    return {
        name: Edit(trigger, getattr(tables[name], "version", 0))
        for name, trigger in triggers.items()
    }


def apply(app: App, edits: Mapping[str, Edit], *, by: str, dry_run: bool = False) -> list[Applied]:
    """Store each trigger that says something new as the next version, a draft by this person.

    Raises WrongUse, and stores none of them, where one began from a version that is not the newest
    any more, or is no change of that trigger but another trigger.
    """
    if not by.strip():
        raise WrongUse("whoever changes a trigger puts a name to it: --by NAME")
    with app.store.read() if dry_run else app.store.write() as tx:
        in_force = {trigger.name: trigger for trigger in stored.current(tx)}
        newest = {name: next(iter(stored.versions(tx, name)), None) for name in edits}
        told = [
            _judged(edit, in_force.get(name), newest[name]) for name, edit in sorted(edits.items())
        ]
        changes = [one for one in told if one.outcome != "same"]
        refused = [
            words
            for one in changes
            for words in _refusals(tx, edits[one.name], in_force.get(one.name), newest[one.name])
        ]
        if not refused and not dry_run:
            refused = [
                words for one in changes for words in _store(app, tx, edits[one.name], one, by)
            ]
        if refused:
            raise WrongUse("\n".join([*refused, "nothing of the file was applied"]))
    return told


def _judged(edit: Edit, in_force: Trigger | None, newest: Trigger | None) -> Applied:
    """Return what is to become of a trigger, unless that is refused."""
    name = edit.trigger.name
    if in_force is None or newest is None:
        return Applied(name, "new", 1)
    for known in (in_force, newest):
        if same(known, edit.trigger):
            return Applied(name, "same", known.version)
    words = tuple(one.words for one in differences(in_force, edit.trigger))
    return Applied(name, "changed", newest.version + 1, words)


def _refusals(tx: Tx, edit: Edit, in_force: Trigger | None, newest: Trigger | None) -> list[str]:
    """Return why a change cannot be stored; nothing where it can."""
    name = edit.trigger.name
    if newest is None or in_force is None:
        if not edit.base:
            return []
        return [f"trigger {name}: version {edit.base} is not there; a new trigger names none"]
    if edit.base != newest.version and not (edit.base == 0 and _is_seed(newest)):
        return [_overtaken(tx, edit, newest)]
    if in_force.state in (TriggerState.DRAFT, TriggerState.APPROVED):
        return []  # it never approached anybody
    return [
        f"trigger {name}: with another {one.key} ({one.after} instead of {one.before}) it is another "
        f"trigger, and its effect another effect; give it a new name, and stop this one with "
        f"`engage triggers pause {name}`"
        for one in differences(in_force, edit.trigger)
        if one.key in _ITS_OWN
    ]


def _is_seed(version: Trigger) -> bool:
    """Return whether this is what settings.toml said at first, which its edits may build on."""
    return version.version == 1 and version.by == SEED


def _overtaken(tx: Tx, edit: Edit, newest: Trigger) -> str:
    """Return who was there before, and how to go on."""
    name, at = newest.name, stored.written_at(tx, newest.name, newest.version)
    when = f"{at:%Y-%m-%d %H:%M} UTC" if at else "some time"
    began = f"began from version {edit.base}" if edit.base else "names no version to begin from"
    return (
        f"trigger {name}: the file {began}, but {newest.by} wrote version {newest.version} on "
        f"{when}, which it would overwrite; see `engage triggers diff {name}`, put your change on "
        f"top of that and write version = {newest.version}"
    )


def _store(app: App, tx: Tx, edit: Edit, one: Applied, by: str) -> list[str]:
    """Store a draft; return who took its number in the very same moment, if anybody did."""
    draft = replace(edit.trigger, state=TriggerState.DRAFT, by=by.strip())
    if stored.add_after(tx, draft, one.version - 1, app.now()) is not None:
        return []
    (newest, *_) = stored.versions(tx, one.name)
    return [_overtaken(tx, edit, newest)]
