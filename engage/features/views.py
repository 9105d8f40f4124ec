"""Views that every query may read beside the relations, so that a visit's journey has one meaning.

Each is a file in `views/`, named after it, in SQL that every engine runs.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

NAMES = (
    "visit_events",
    "visit_journeys",
    "journey_goals",
    "people_then",
    "contacts_corrected",
    "approached",
)
"""In this order, because a later one may read an earlier one."""


@cache
def body(name: str) -> str:
    """Return the SQL of a view."""
    return (files("engage.features") / "views" / f"{name}.sql").read_text()


@cache
def needed(sql: str) -> tuple[str, ...]:
    """Return the views that a query names, and those that these read, in order of creation."""
    texts = [sql]
    found: set[str] = set()
    while texts:
        text = texts.pop()
        new = {name for name in NAMES if re.search(rf"\b{name}\b", text)} - found
        found |= new
        texts += [body(name) for name in new]
    return tuple(name for name in NAMES if name in found)
