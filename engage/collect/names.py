"""A wrong name is answered with the nearest right one."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def nearest(name: str, known: Collection[str]) -> str:
    """Return how to go on after a wrong name: the nearest right one, or all of them."""
    lowered = {one.lower(): one for one in known}
    if name.lower() in lowered:
        return f"did you mean {lowered[name.lower()]!r}?"
    close = difflib.get_close_matches(name, list(known), 1, 0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are {', '.join(known)}" if known else "there are none"
