"""Phone numbers and e-mail addresses are hidden in what is shown of a person."""

from __future__ import annotations

import json
import re
from typing import Any

from engage.collect.private import named
from engage.domain.relations import Kind, Relation
from engage.logs import HIDDEN, SHORTEST_PHONE, redacted

_FIVE_DIGITS = r"(\D*\d){5}"


def masked(relation: Relation, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with numbers and addresses hidden, wherever in its texts and JSON they stand."""
    kinds = {column.name: column.kind for column in relation.columns}
    return {name: _shown(value, kinds.get(name)) for name, value in row.items()}


def _shown(value: Any, kind: Kind | None) -> Any:
    if not isinstance(value, str):
        return value
    if kind is Kind.JSON:
        return _json(value)
    return redacted(value) if kind is Kind.TEXT else value


def _json(text: str) -> str:
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        return redacted(text)
    hidden = _hidden(held)
    return text if hidden == held else json.dumps(hidden, ensure_ascii=False)


def _hidden(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {redacted(key): _hidden(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_hidden(one, name) for one in value]
    if value is None or isinstance(value, bool):
        return value
    if named(name) and re.match(_FIVE_DIGITS, str(value)):
        return HIDDEN
    if isinstance(value, str):
        return redacted(value)
    return HIDDEN if isinstance(value, int) and abs(value) >= SHORTEST_PHONE else value
