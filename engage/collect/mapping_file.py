"""Mapping files: read key by key, so that a slip is named with its place, and written."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from engage.collect.checks import check
from engage.collect.layout import Layout
from engage.collect.mapping import ConsentRule, Contact, Fill, Key, Mapping, Person, Where
from engage.collect.names import nearest
from engage.errors import WrongUse

_Part = TypeVar("_Part", bound=msgspec.Struct)


def load(path: Path, kind: str = "") -> Mapping:
    """Read and check a mapping file; raises WrongUse with the file, the key and what to do."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        draft = f"engage import {kind or 'KIND'} FILE --guess > {path}"
        raise WrongUse(f"{path}: there is no such mapping; `{draft}` drafts one") from None
    except OSError as error:
        raise WrongUse(f"{path}: the mapping cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise WrongUse(f"{path}: the mapping is not UTF-8 text ({error})") from None
    return parse(text, kind, str(path))


def parse(text: str, kind: str = "", name: str = "the mapping") -> Mapping:
    """Return the mapping that this TOML text describes, checked."""
    try:
        return check(_mapping(tomllib.loads(text), kind))
    except tomllib.TOMLDecodeError as error:
        raise WrongUse(f"{name}: is not TOML: {error}") from None
    except WrongUse as error:
        raise WrongUse(f"{name}: {error}") from None


def _mapping(table: dict[str, Any], kind: str) -> Mapping:
    said = str(table.setdefault("kind", kind))
    if kind and said != kind:
        raise WrongUse(f"it is for {said}, but {kind} are being imported")
    plain = {name: table[name] for name in table if name not in _PARTS}
    parts = {name: read(table[name], name) for name, read in _PARTS.items() if name in table}
    return msgspec.structs.replace(_part(plain, Mapping, ""), **parts)


def _part(table: Any, of: type[_Part], place: str) -> _Part:
    where = f"[{place}] " if place else ""
    if isinstance(table, dict):
        names = of.__struct_encode_fields__
        for name in table:
            if name not in names:
                raise WrongUse(f"{where}has no key {name!r}; {nearest(name, names)}")
    try:
        return msgspec.convert(table, of)
    except msgspec.ValidationError as error:
        raise WrongUse(f"{where}{_words(error)}") from None


def _words(error: msgspec.ValidationError) -> str:
    what, _, at = str(error).partition(" - at `$")
    return f"{at.strip('.`')}: {what}" if at.strip(".`") else what


def _each(of: type[_Part], place: str) -> Any:
    def read(table: Any, _: str) -> dict[str, _Part]:
        if not isinstance(table, dict):
            raise WrongUse(f"[{place}] is a table, one entry per name")
        return {name: _part(one, of, f"{place}.{name}") for name, one in table.items()}

    return read


def _one(of: type[_Part]) -> Any:
    return lambda table, place: _part(table, of, place)


def _conditions(tables: Any, place: str) -> tuple[Where, ...]:
    listed = tables if isinstance(tables, list) else [tables]
    return tuple(_part(table, Where, place) for table in listed)


_PARTS: dict[str, Any] = {
    "file": _one(Layout),
    "person": _one(Person),
    "key": _one(Key),
    "columns": _each(Fill, "columns"),
    "where": _conditions,
    "contact": _each(Contact, "contact"),
    "consents": _each(ConsentRule, "consents"),
}


def written(mapping: Mapping) -> str:
    """Return the mapping as the text of a mapping file, to be saved and changed."""
    table = {name: one for name, one in msgspec.to_builtins(mapping).items() if one not in ({}, [])}
    sections = {name: table.pop(name) for name in _PARTS if isinstance(table.get(name), dict)}
    lines = [f"{name} = {toml_value(one)}" for name, one in table.items()]
    for name, one in sections.items():
        lines += [
            "",
            f"[{name}]",
            *(f"{toml_key(key)} = {toml_value(v)}" for key, v in one.items()),
        ]
    return "\n".join(lines) + "\n"


def toml_value(value: Any) -> str:
    """Return a value, or a part of a mapping, as TOML in one line."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    if isinstance(value, dict):
        inner = ", ".join(f"{toml_key(name)} = {toml_value(one)}" for name, one in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml_value(one) for one in value)}]"
    return _quoted(value)


def toml_key(name: str) -> str:
    """Return a name as TOML writes it before the equals sign."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _quoted(value: object) -> str:
    # JSON's escapes are TOML's, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
