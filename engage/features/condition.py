"""What a condition may hold: DuckDB's own parsed tree, walked against a short list of what is allowed.

Whatever is not on the list is refused with the place where it stands, counted in characters from 1.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from engage.errors import PredicateRefused
from engage.features.engines.duckdb import parse

FUNCTIONS = frozenset(
    {"abs", "round", "floor", "ceil", "ceiling", "greatest", "least", "mod", "nullif"}
    | {"lower", "upper", "trim", "length", "starts_with", "ends_with", "contains", "j_text"}
)
"""The functions a condition may call; each looks at one row and has no effect."""

_OPERATIONS = frozenset({"+", "-", "*", "/", "//", "%", "||", "~~", "!~~", "~~*", "!~~*"})
_OPERATORS = frozenset(
    {"COMPARE_IN", "COMPARE_NOT_IN", "OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL"}
    | {"OPERATOR_COALESCE"}
)
_LITERALS = frozenset({"INTEGER", "NUMERIC", "STRING", "BOOLEAN", "NULL_LITERAL"})
_CHILDREN = {
    "COMPARISON": ("left", "right"),
    "CONJUNCTION": ("children",),
    "BETWEEN": ("input", "lower", "upper"),
    "OPERATOR": ("children",),
    "CASE": ("case_checks", "else_expr"),
    "CAST": ("child",),
    "FUNCTION": ("arguments",),
    "COLUMN_REF": (),
    "CONSTANT": (),
}
_WORDS = {
    "SUBQUERY": "a query inside a condition",
    "WINDOW": "a window over other rows",
    "STAR": "a star",
    "LAMBDA": "a lambda",
    "PARAMETER": "a parameter",
    "POSITIONAL_REFERENCE": "a column by number",
    "COLLATE": "a collation",
    "DEFAULT": "DEFAULT",
}
_BEFORE, _AFTER = "SELECT (", "\n) AS holds"
_LONGEST = 2000
_MOST_BRACKETS = 200
"""The parser's time grows with the square of brackets left open."""
_NOWHERE = 1 << 63
_QUOTED = re.compile("'[^']*'")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that holds nothing but what is allowed, and the columns it reads."""

    text: str
    columns: tuple[tuple[str, int], ...]
    """Each name as written, and where it stands."""

    @property
    def names(self) -> frozenset[str]:
        """Return the columns that the condition reads."""
        return frozenset(name for name, _ in self.columns)


@lru_cache(maxsize=4096)
def read(text: str) -> Condition:
    """Return the condition behind a text; raises PredicateRefused with the position."""
    if len(text) > _LONGEST:
        raise PredicateRefused(f"a condition has at most {_LONGEST} characters", _LONGEST + 1)
    if text.count("(") > _MOST_BRACKETS:
        raise PredicateRefused(f"a condition has at most {_MOST_BRACKETS} brackets", 1)
    if not text.strip():
        raise PredicateRefused("the condition is empty; write what must hold", 1)
    columns: list[tuple[str, int]] = []
    waiting = [(_root(text), len(_BEFORE))]
    while waiting:
        node, above = waiting.pop()
        at = _location(node, above)
        _allow(text, node, at)
        if node["class"] == "COLUMN_REF":
            columns.append((node["column_names"][0], _position(text, at)))
        waiting += [(child, at) for child in reversed(list(_children(node)))]
    return Condition(text, tuple(sorted(columns, key=lambda column: column[1])))


def check_names(condition: Condition, known: Collection[str]) -> None:
    """Raise PredicateRefused for the first column that is not known, with the nearest that is."""
    held = {name.lower() for name in known}
    for name, position in condition.columns:
        if name.lower() not in held:
            near = get_close_matches(name.lower(), sorted(held), 1, cutoff=0)
            hint = f"; the nearest is {near[0]!r}" if near else "; there are no columns"
            raise PredicateRefused(f"character {position}: no column {name!r}{hint}", position)


def tree(text: str) -> dict[str, Any]:
    """Return the parsed tree of a condition that `read` has allowed."""
    return _root(text)


def offset(location: int) -> int:
    """Return a place in the tree as one in the bytes of the condition."""
    return location - len(_BEFORE)


def _root(text: str) -> dict[str, Any]:
    try:
        tree = parse(f"{_BEFORE}{text}{_AFTER}")
    except RecursionError as error:
        raise PredicateRefused("the condition is nested too deeply", 1) from error
    if tree.get("error"):
        at = int(tree.get("position") or len(_BEFORE))
        position = _position(text, at)
        message = _unfinished(text, at) or str(tree.get("error_message", "")).split("\n")[0]
        raise PredicateRefused(f"character {position}: {message}", position)
    node = tree["statements"][0]["node"]
    whole = (
        len(tree["statements"]) == 1
        and node["type"] == "SELECT_NODE"
        and len(node["select_list"]) == 1
        and node["from_table"]["type"] == "EMPTY"
        and not node["modifiers"]
        and not node["cte_map"]["map"]
        and not any(node[part] for part in ("where_clause", "having", "qualify", "sample"))
        and not node["group_expressions"]
    )
    if not whole:
        raise PredicateRefused("a condition is one expression; this is more than that", 1)
    root: dict[str, Any] = node["select_list"][0]
    return root


def _unfinished(text: str, at: int) -> str:
    """Return what a condition lacks that is refused behind its end, where it stands in a query."""
    if at < len(_BEFORE) + len(text.encode()):
        return ""
    bare = _QUOTED.sub("", text)
    opened = bare.count("(") - bare.count(")")
    if opened:
        return "a bracket is never closed" if opened > 0 else "a bracket is closed but never opened"
    return "the condition ends here, but something must follow"


def _allow(text: str, node: dict[str, Any], at: int) -> None:
    refusal = _refusal(node)
    if refusal:
        position = _position(text, at)
        raise PredicateRefused(f"character {position}: {refusal}", position)


def _refusal(node: dict[str, Any]) -> str:
    """Return why this node is not allowed, or nothing; its children are looked at on their own."""
    kind, what = node["class"], node["type"]
    if kind not in _CHILDREN:
        return f"{_WORDS.get(kind, kind.lower())} is not allowed in a condition"
    if kind == "OPERATOR" and what not in _OPERATORS:
        return f"{what.lower()} is not allowed in a condition"
    if kind == "CONSTANT" and node["literal"]["kind"] not in _LITERALS:
        return f"a constant of the kind {node['literal']['kind'].lower()} is not allowed"
    if kind == "COLUMN_REF" and len(node["column_names"]) != 1:
        return f"{'.'.join(node['column_names'])!r}: a column has one name, without a table"
    if kind == "CAST" and not _is_truth_test(node):
        return "a cast is not allowed in a condition"
    return _function_refusal(node) if kind == "FUNCTION" else ""


def _function_refusal(node: dict[str, Any]) -> str:
    name = node["function_name"]
    allowed = _OPERATIONS if node["is_operator"] or not name.isidentifier() else FUNCTIONS
    if name == "row":
        return "a row of several values is not allowed; write one condition"
    if name not in allowed or node["schema"] or node["catalog"]:
        return f"the function {name!r} is not allowed; allowed are {', '.join(sorted(FUNCTIONS))}"
    plain = (
        not node["distinct"]
        and node["filter"] is None
        and not node["order_bys"]["orders"]
        and not any(argument["name"] for argument in node["arguments"])
    )
    return "" if plain else f"the function {name!r} takes plain arguments only"


def _is_truth_test(node: dict[str, Any]) -> bool:
    """`x IS TRUE` is read as a cast to boolean that stands nowhere in the text."""
    return (
        node["query_location"] >= _NOWHERE
        and not node["try_cast"]
        and node["type_expr"]["type_name"].upper() == "BOOLEAN"
    )


def _children(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in _CHILDREN[node["class"]]:
        below = node[part]
        for child in below if isinstance(below, list) else [below]:
            if part == "case_checks":
                yield from (child["when_expr"], child["then_expr"])
            elif part == "arguments":
                yield child["expression"]
            elif child is not None:
                yield child


def _location(node: dict[str, Any], above: int) -> int:
    at: int = node["query_location"]
    return above if at >= _NOWHERE else at


def _position(text: str, at: int) -> int:
    """Return a place in the parsed bytes as a character of the text, counted from 1."""
    before = text.encode()[: max(0, at - len(_BEFORE))]
    return min(len(before.decode(errors="ignore")), max(len(text) - 1, 0)) + 1
