"""The words of each language by which a message is understood, read from a file beside this one.

A language is one TOML file; a new one needs no code:

    [words]       alternatives that sentences name as {name}, written as a regular expression
    [symbols]     signs that stand for a word
    [bare]        stop, start, help: the whole message, politeness aside
                  padding: politeness; yes, no: what may stand beside the digit 1 or 2
    [sentences]   always: stop, whatever else is said
                  spared: taken out before anything below is looked for
                  stop: stop;  unsure: perhaps
                  doubtful: words that make any other sentence a perhaps
    [spelling]    words: also known with one letter wrong;  innocent: real words that look so

Everything is written in plain words (`plain.plain`): no capitals, accents or apostrophes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engage.errors import DefinitionError

FOLDER = Path(__file__).parent

_KEYS: dict[str, frozenset[str]] = {
    "bare": frozenset({"stop", "start", "help", "padding", "yes", "no"}),
    "sentences": frozenset({"always", "spared", "stop", "unsure", "doubtful"}),
    "spelling": frozenset({"words", "innocent"}),
}
_NAMED = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of sentence, as it stands in the file and as it is looked for."""

    name: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Phrasebook:
    """All languages together: nobody says in which one they write."""

    symbols: Mapping[str, str]
    bare: Mapping[str, frozenset[str]]
    sentences: Mapping[str, tuple[Rule, ...]]
    doubtful: frozenset[str]
    spelling: Mapping[str, frozenset[str]]

    def matched(self, kind: str, text: str) -> str:
        """Return the first rule of a kind that a text answers to; empty when there is none."""
        found = (rule.name for rule in self.sentences[kind] if rule.pattern.search(text))
        return next(found, "")


@lru_cache(maxsize=4)
def phrasebook(folder: Path = FOLDER) -> Phrasebook:
    """Return the words of every language in a folder; DefinitionError names a file at fault."""
    books = [_read(path) for path in sorted(folder.glob("*.toml"))]
    kinds = _KEYS["sentences"] - {"doubtful"}
    return Phrasebook(
        symbols={sign: word for book in books for sign, word in book["symbols"].items()},
        bare={one: _together(book["bare"][one] for book in books) for one in _KEYS["bare"]},
        sentences={
            kind: tuple(rule for book in books for rule in book["sentences"][kind])
            for kind in kinds
        },
        doubtful=_together(book["sentences"]["doubtful"] for book in books),
        spelling={
            one: _together(book["spelling"][one] for book in books) for one in _KEYS["spelling"]
        },
    )


def _together(lists: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(one for each in lists for one in each)


def _read(path: Path) -> dict[str, Any]:
    try:
        given = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path}: it is no TOML file: {error}") from None
    known = {"words", "symbols", *_KEYS}
    if unknown := sorted(set(given) - known):
        raise DefinitionError(f"{path}: [{unknown[0]}] is unknown; there are {sorted(known)}")
    book: dict[str, Any] = {name: given.get(name, {}) for name in ("words", "symbols")}
    for table, keys in _KEYS.items():
        held = given.get(table, {})
        if unknown := sorted(set(held) - keys):
            raise DefinitionError(f"{path}: [{table}] {unknown[0]} is unknown; {sorted(keys)}")
        book[table] = {key: held.get(key, []) for key in keys}
    for kind in _KEYS["sentences"] - {"doubtful"}:
        book["sentences"][kind] = [
            _rule(path, text, book["words"]) for text in book["sentences"][kind]
        ]
    return book


def _rule(path: Path, text: str, words: Mapping[str, str]) -> Rule:
    def named(found: re.Match[str]) -> str:
        if found.group(1) not in words:
            raise DefinitionError(f"{path}: {text!r} names {found.group()}; add it to [words]")
        return f"(?:{words[found.group(1)]})"

    try:
        pattern = re.compile(rf"\b(?:{_NAMED.sub(named, text)})\b")
    except re.error as error:
        raise DefinitionError(f"{path}: {text!r} is no regular expression: {error}") from None
    return Rule(f"{path.stem}: {text}", pattern)
