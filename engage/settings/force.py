"""What is in force now, and where it differs from the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engage.settings.base import Section, meaning_of, name_of, unit_of
from engage.settings.root import Settings
from engage.settings.secrets import VARIABLES, Secrets
from engage.settings.values import default_of, is_needed, written


class InForce(NamedTuple):
    """One setting as it stands."""

    key: str
    value: str
    is_default: bool
    unit: str
    meaning: str


def in_force(settings: Settings, secrets: Secrets) -> list[InForce]:
    """Return every setting in the order of the file, then the secrets, masked."""
    return [*_of(settings, ()), *_masked(secrets)]


def _of(section: Section, path: tuple[str, ...]) -> Iterator[InForce]:
    for attribute, field in type(section).model_fields.items():
        value = getattr(section, attribute)
        here = (*path, name_of(attribute, field))
        if isinstance(value, Section):
            yield from _of(value, here)
        elif isinstance(value, Mapping):
            yield from _rows(value, here, meaning_of(field), unit_of(field))
        else:
            same = not is_needed(field) and value == default_of(field)
            yield InForce(".".join(here), written(value), same, unit_of(field), meaning_of(field))


def _rows(
    rows: Mapping[str, Any], path: tuple[str, ...], meaning: str, unit: str
) -> Iterator[InForce]:
    for name, row in rows.items():
        if isinstance(row, Section):
            yield from _of(row, (*path, name))
        else:
            yield InForce(".".join((*path, name)), written(row), False, unit, meaning)


def _masked(secrets: Secrets) -> Iterator[InForce]:
    for variable, meaning in VARIABLES.items():
        is_set = bool(getattr(secrets, variable.removeprefix("ENGAGE_").lower()))
        shown = "******** (set)" if is_set else "not set"
        yield InForce(variable, shown, not is_set, "environment", meaning)
