"""What the agents of a queue are doing at this moment, as the telephone system sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Agents:
    """How many agents of a queue are free, in a contact, or writing one up."""

    queue: str
    free: int
    busy: int
    wrap: int
    at: datetime
    """When that was seen."""

    def fresh(self, now: datetime, life: timedelta) -> bool:
        """Return whether it was seen so lately that it counts."""
        return now - self.at <= life
