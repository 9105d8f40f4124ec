"""What no model may look at: attributes that the law protects, and what people wrote freely."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engage.errors import DefinitionError
from engage.scoring.definition import Model

_ATTRIBUTE = re.compile(r"j_text\s*\([^()]*?,\s*'([^']+)'", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def refuse_barred_features(
    model: Model, protected: Sequence[str], free_text: Sequence[str]
) -> None:
    """Raise DefinitionError when a feature is called, or read from, what no model may know.

    A barred word counts where it is one of the words of a name (`maritalStatus`), not where it is
    part of another (`essex`); `=age` counts as the whole name only, since accounts have an age too.
    Another name for the same attribute does not help: the attributes that the query reads by
    `j_text` are held against the list too.
    """
    for kind, words in (("protected", protected), ("free text", free_text)):
        for barred in words:
            for name, place in _names(model):
                if _holds(name, barred):
                    raise DefinitionError(
                        f"model {model.name}: {place} {name!r} is {kind} ({barred!r} is barred); "
                        f"leave it out, or, where it means something else, rename it or take the "
                        f"word off [fairness] in settings.toml"
                    )


def _names(model: Model) -> Iterator[tuple[str, str]]:
    for feature in model.features:
        yield feature.name, "the feature"
    for attribute in _ATTRIBUTE.findall(model.query):
        yield attribute, "its query reads the attribute"


def _holds(name: str, barred: str) -> bool:
    words, wanted = _words(name), _words(barred)
    if barred.startswith("="):
        return words == wanted
    return any(
        words[place : place + len(wanted)] == wanted
        for place in range(len(words) - len(wanted) + 1)
    )


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]
