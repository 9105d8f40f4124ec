"""What a trigger changed, with how sure we are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Estimate:
    """A difference between the treated and the held out, per person, with its 95 % interval."""

    estimand: str
    estimate: float
    low: float
    high: float
    n_treated: int
    n_held_out: int
    always_valid: tuple[float, float] = (float("-inf"), float("inf"))
    """Interval that stays right however often somebody looks."""
    mean_treated: float = float("nan")
    mean_held_out: float = float("nan")
    surrogate: bool = False
    withheld: str = ""
    """Why the figure is not shown, for example a sample-ratio mismatch."""

    def as_dict(self) -> dict[str, Any]:
        """Return the shape that `engage report --json` prints."""
        return {
            "estimand": self.estimand,
            "estimate": self.estimate,
            "low": self.low,
            "high": self.high,
            "always_valid": list(self.always_valid),
            "n_treated": self.n_treated,
            "n_held_out": self.n_held_out,
            "mean_treated": self.mean_treated,
            "mean_held_out": self.mean_held_out,
            **({"surrogate": True} if self.surrogate else {}),
            **({"withheld": self.withheld} if self.withheld else {}),
        }
