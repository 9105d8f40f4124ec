"""The settings file, written out: every key with its value, unit and meaning."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from engage.settings.base import (
    Section,
    keys_of,
    meaning_of,
    name_of,
    row_of,
    unit_of,
)
from engage.settings.policy import Country, Region
from engage.settings.root import Settings
from engage.settings.secrets import VARIABLES
from engage.settings.values import default_of, given, inline, is_needed, written

_WIDTH = 100
_INLINE = (Country, Region)
"""Rows of data that are read as a table, one line each."""


def as_toml(settings: Settings) -> str:
    """Return the whole settings file; reading it gives these settings again.

    A table's keys are all written, each under its meaning and unit. Tables that a project names
    itself (triggers, actions, ...) are explained once and write only what differs from a default.
    """
    return "\n".join([*_opening(), *_table(settings, ())]).rstrip() + "\n"


def _opening() -> Iterator[str]:
    yield from _comment(
        "Every setting that Engage knows, with its default unless you changed it. A key names its "
        "unit: _s seconds, _min minutes, _h hours, _d days; _minor the currency's smallest unit. "
        "`engage settings` shows what is in force; docs/settings.md is the reference."
    )
    yield "#"
    yield from _comment(f"Secrets stand in the environment, never here: {', '.join(VARIABLES)}.")


def _table(section: Section, path: tuple[str, ...]) -> Iterator[str]:
    for attribute, field in type(section).model_fields.items():
        value = getattr(section, attribute)
        here = (*path, name_of(attribute, field))
        row = row_of(field)
        if row is not None:
            yield from _family(value, here, field, row)
        elif isinstance(value, Section):
            yield from ("", *_comment(type(value).__doc__ or ""), f"[{'.'.join(here)}]")
            yield from _table(value, here)
        else:
            yield from _with_comment(_line(here[-1], value), _explained(field))


def _family(
    rows: Mapping[str, Any], path: tuple[str, ...], field: FieldInfo, row: type[Any]
) -> Iterator[str]:
    dotted = ".".join(path)
    each = "" if row is str else f".{'CODE' if row in _INLINE else 'NAME'}"
    yield from ("", *_comment(f"[{dotted}{each}] {_explained(field)}"))
    if row is not str:
        yield from _keys(row)
    if row is str or row in _INLINE:
        yield f"[{dotted}]"
        for name, one in rows.items():
            yield f"{_bare(name)} = {one_line(one)}"
        return
    for name, one in rows.items():
        yield from ("", *named_table(path, name, one))


def named_table(path: tuple[str, ...], name: str, row: Section) -> list[str]:
    """Return the lines of one table that a project names itself; defaults are left out."""
    head = f"[{'.'.join(path)}.{_bare(name)}]"
    return [head, *(_line(key, value) for key, value, _ in given(row))]


def one_line(row: Any) -> str:
    """Return a row of a family as one TOML value."""
    return inline(row) if isinstance(row, Section) else written(row)


def _keys(row: type[Section]) -> Iterator[str]:
    for name, field in keys_of(row).items():
        default = "" if is_needed(field) else f"; default {written(default_of(field)) or 'none'}"
        yield from _comment(f"  {name}: {_explained(field)}{default}", hanging="    ")


def _explained(field: FieldInfo) -> str:
    unit = unit_of(field)
    return f"{meaning_of(field)} ({unit})" if unit else meaning_of(field)


def _with_comment(line: str, text: str) -> list[str]:
    beside = f"{line:<30}  # {text}"
    return [beside] if len(beside) <= _WIDTH else [*_comment(text), line]


def _comment(text: str, hanging: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent="# ",
        subsequent_indent=f"# {hanging}",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _line(name: str, value: Any) -> str:
    if value is None:
        return f"# {name} ="
    line = f"{name} = {written(value)}"
    if len(line) <= _WIDTH or not isinstance(value, tuple):
        return line
    return "\n".join([f"{name} = [", *(f"    {written(one)}," for one in value), "]"])


def _bare(name: str) -> str:
    plain = name.replace("_", "").replace("-", "")
    return name if plain.isascii() and plain.isalnum() else written(name)
