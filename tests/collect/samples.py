"""When the imports of these tests take place, and what reads a file for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from engage.collect.convert import Converted

IMPORTED_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)

Reading = Callable[..., Converted]
"""(mapping, content) -> what the file's first chunk became."""


def utc(*parts: int) -> datetime:
    """Return a moment as rows hold it: UTC, without saying so."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[misc,arg-type]
