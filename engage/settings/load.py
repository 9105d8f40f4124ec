"""The settings file becomes typed settings, or a message that says which line to mend and how."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engage.errors import SettingsError
from engage.settings.base import Section, keys_of, row_of, table_of
from engage.settings.root import Settings
from engage.settings.secrets import Secrets

FILE = "settings.toml"
Read = TypeVar("Read", bound=Section)
_SECRET = re.compile(
    r"secret|token|passw|credential|api_?key|private_?key|account_sid", re.IGNORECASE
)
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
    "model": "a table",
    "mapping": "a table",
}


def load(folder: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a project folder, checked and frozen.

    `environ` is looked through for misspelt names of secrets. SettingsError names the file, the
    table and the key, and the nearest valid name or what would be right.
    """
    Secrets.from_environ(environ or {})
    path = folder / FILE
    return parse(tables_in(path), file=str(path))


def tables_in(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file as they stand there; SettingsError when it is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None


def parse(raw: Mapping[str, Any], *, file: str = FILE) -> Settings:
    """Return the settings that these tables give; what they leave out has its default."""
    return parse_as(Settings, raw, file=file)


def parse_as(kind: type[Read], raw: Mapping[str, Any], *, file: str) -> Read:
    """Return tables as the kind of file that they are, checked and frozen as the settings are."""
    refused = [f"{file} {place}: {problem}" for place, problem in _secrets_in(raw, kind)]
    if refused:
        raise SettingsError("\n".join(refused))
    try:
        return kind.model_validate_json(json.dumps(raw, default=str))
    except ValidationError as invalid:
        words = [f"{file} {_in_words(error, kind)}" for error in invalid.errors()]
        raise SettingsError("\n".join(words)) from None


def _secrets_in(
    table: Mapping[str, Any], kind: type[Section], path: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        here = (*path, name)
        if isinstance(value, Mapping):
            yield from _secrets_in(value, kind, here)
        elif _SECRET.search(name) and not _is_setting(here, kind):
            yield (
                _place(here),
                "a secret never stands here but in the environment; see `engage settings`",
            )
        elif isinstance(value, str) and "://" in value and urlsplit(value).password:
            yield _place(here), "an address with a password; set ENGAGE_STORE_URL in its place"


def _is_setting(path: tuple[str, ...], kind: type[Section]) -> bool:
    names = _names_at(path[:-1], kind)
    return names is None or path[-1] in names


def _in_words(error: ErrorDetails, file: type[Section]) -> str:
    path = tuple(str(part) for part in error["loc"])
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"{_place(path)}: unknown key{_nearest(path, file)}"
    if kind == "missing":
        return f"{_place(path)}: this key is needed and has no default"
    if kind == "value_error":
        return f"{_place(path)}: {error['msg'].removeprefix('Value error, ')}"
    expected = next((words for part, words in _KINDS.items() if kind.startswith(f"{part}_")), "")
    if expected and kind.endswith(("_type", "_parsing", "_from_float", "_number")):
        return f"{_place(path)}: {error['input']!r} is not {expected}"
    return f"{_place(path)}: {error['input']!r} does not fit; {_lower(error['msg'])}"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _place(path: tuple[str, ...]) -> str:
    *tables, last = path
    return f"[{'.'.join(tables)}] {last}" if tables else f"[{last}]"


def _nearest(path: tuple[str, ...], kind: type[Section]) -> str:
    near = difflib.get_close_matches(path[-1], _names_at(path[:-1], kind) or (), n=1, cutoff=0.0)
    return f"; the nearest is {near[0]!r}" if near else ""


def _names_at(path: tuple[str, ...], kind: type[Section]) -> Collection[str] | None:
    """Return the keys that a table may hold; None where the project names its own."""
    table = kind
    parts = iter(path)
    for part in parts:
        field = keys_of(table).get(part)
        row = row_of(field) if field else None
        inner = table_of(field) if field else None
        if row is not None and (row is str or next(parts, None) is None):
            return None
        inner = row if isinstance(row, type) and issubclass(row, Section) else inner
        if inner is None:
            return ()
        table = inner
    return keys_of(table)
