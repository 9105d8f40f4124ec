"""What a check-up found: one thing that was looked at, whether it is well, and what to do if not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "look", "broken"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is well, and what to do if not."""

    level: Level
    about: str
    says: str
    remedy: str = ""
