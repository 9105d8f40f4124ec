"""A file of triggers to be brought in: the settings' own tables, each with the version it began from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engage.errors import SettingsError
from engage.settings.base import Family, Section, key, keys_of
from engage.settings.load import parse_as, tables_in
from engage.settings.outreach import Trigger
from engage.settings.root import Settings
from engage.settings.template import named_table

_TABLE = "triggers"


class TriggerEdit(Trigger):
    """What a trigger shall say from now on."""

    version: int = key("the stored version that was edited; none for a new trigger", 0, ge=0)


class TriggerFile(Section):
    """Triggers as `engage triggers export` writes them and `engage triggers apply` reads them."""

    triggers: Family[TriggerEdit] = key("what each shall say", dict)


def read(path: Path) -> Mapping[str, TriggerEdit]:
    """Return the triggers of a file by name, held to the same rules as those of the settings.

    SettingsError names the file, the table and the key, and the nearest valid name.
    """
    raw = tables_in(path)
    others = sorted(keys_of(Settings).keys() & raw.keys() - {_TABLE})
    if others:
        raise SettingsError(
            f"{path} [{others[0]}]: only [triggers.NAME] can be brought in; what [{others[0]}] says "
            "belongs into settings.toml"
        )
    triggers = parse_as(TriggerFile, raw, file=str(path)).triggers
    if not triggers:
        raise SettingsError(f"{path}: there is no [triggers.NAME] in it")
    return triggers


def as_toml(triggers: Mapping[str, TriggerEdit]) -> str:
    """Return the file that `read` reads."""
    tables = (named_table((_TABLE,), name, row) for name, row in triggers.items())
    return "\n\n".join("\n".join(lines) for lines in tables) + "\n"
