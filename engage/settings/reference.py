"""The reference of all settings, as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic.fields import FieldInfo

from engage.settings.base import Section, keys_of, meaning_of, row_of, table_of, unit_of
from engage.settings.root import Settings
from engage.settings.secrets import VARIABLES
from engage.settings.values import default_of, is_needed, written

_OPENING = """# Settings

A project keeps them in `settings.toml`; `engage settings` shows what is in force. This page is
written by `make fix`; a test fails when it is out of date. An unknown key stops the
start and names the nearest one. Money is in minor units of `project.currency`.
"""
_HEAD = ("| key | default | unit | meaning |", "|---|---|---|---|")


def reference(settings: type[Settings] = Settings) -> str:
    """Return the page in Markdown: each table with its keys, defaults, units and meanings."""
    lines = [_OPENING, *_table(settings, ""), *_environment()]
    return "\n".join(lines).rstrip() + "\n"


def _table(section: type[Section], path: str) -> Iterator[str]:
    for name, field in keys_of(section).items():
        here = f"{path}.{name}" if path else name
        inner, row = table_of(field), row_of(field)
        if row is str:
            yield from (f"## `[{here}]`", "", f"{_sentence(field)}", "")
        elif row is not None and issubclass(row, Section):
            yield from (f"## `[{here}.NAME]`", "", f"{_sentence(field)} {row.__doc__}", "")
            yield from _keys(row)
        elif inner is not None:
            yield from (f"## `[{here}]`", "", inner.__doc__ or "", "")
            yield from _keys(inner)
            yield from _table(inner, here)


def _keys(section: type[Section]) -> Iterator[str]:
    fields = {
        name: field
        for name, field in keys_of(section).items()
        if table_of(field) is None and row_of(field) is None
    }
    if fields:
        yield from _HEAD
        yield from (_row(name, field) for name, field in fields.items())
        yield ""


def _row(name: str, field: FieldInfo) -> str:
    default = "needed" if is_needed(field) else f"`{written(default_of(field)) or 'none'}`"
    return f"| `{name}` | {default} | {unit_of(field)} | {meaning_of(field)} |"


def _sentence(field: FieldInfo) -> str:
    meaning, unit = meaning_of(field), unit_of(field)
    words = f"{meaning} ({unit})" if unit else meaning
    return f"{words[:1].upper()}{words[1:]}."


def _environment() -> Iterator[str]:
    yield from ("## Environment", "", "Secrets stand here and nowhere else.", "")
    yield from ("| variable | meaning |", "|---|---|")
    yield from (f"| `{name}` | {meaning} |" for name, meaning in VARIABLES.items())
