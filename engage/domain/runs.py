"""A run of a job: when it was due, what it saw, what it did and what it skipped."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class RunState(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobReport:
    """What a job did, in numbers a person can check."""

    seen: int = 0
    done: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    """Count by reason."""
    note: str = ""

    def sentence(self) -> str:
        """Return the report in one line."""
        skipped = ", ".join(f"{n} {reason}" for reason, n in sorted(self.skipped.items()))
        parts = [f"saw {self.seen}, did {self.done}"]
        if skipped:
            parts.append(f"skipped {skipped}")
        if self.note:
            parts.append(self.note)
        return "; ".join(parts)
