"""The figures of `agent_hours`: what an hour brought, over banks, and in the same bank beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

OURS = "Engage: value at the plan's prices"


class Result(NamedTuple):
    """What came of one policy in one bank."""

    gain: float
    """Of the bank, in euros, by the truth."""
    hours: float
    """Of agents that were given away."""
    served: int
    permitted: int
    """Candidates of the treated who might have been called."""
    lost: int = 0
    """Calls that were decided and found no agent left."""
    explored: int = 0
    """Whom the exploration left alone."""

    @property
    def per_hour(self) -> float:
        """Return what an hour brought; nothing where none was used."""
        return self.gain / self.hours if self.hours else 0.0


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean over banks and half the width of its 95 % interval, by Student's t."""
    n = len(values)
    if n < 2:
        return float(np.mean(values)), float("nan")
    half = student.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)
    return float(np.mean(values)), float(half)


def table(banks: Sequence[dict[str, Result]]) -> str:
    """Return what an hour brought under each policy, with 95 % intervals over banks, and paired differences."""
    head = f"{'':<36}{'euros an hour':>18}{'hours':>8}{'euros in all':>16}{'served':>8}"
    lines = [f"{head}{'ours more, an hour':>22}{'ours more, in all':>22}"]
    for name in banks[0]:
        mine = [one[name] for one in banks]
        line = f"{name:<36}{shown([one.per_hour for one in mine]):>18}"
        line += f"{np.mean([one.hours for one in mine]):>8.1f}"
        line += f"{np.mean([one.gain for one in mine]):>16,.0f}"
        line += f"{sum(one.served for one in mine) / sum(one.permitted for one in mine):>8.0%}"
        if name != OURS:
            pairs = [(one[OURS], one[name]) for one in banks]
            line += f"{shown([a.per_hour - b.per_hour for a, b in pairs]):>22}"
            line += f"{shown([a.gain - b.gain for a, b in pairs]):>22}"
        lines.append(line)
    return "\n".join([*lines, f"{'nobody':<36}{'0':>18}{0:>8}{0:>16}{0:>8.0%}"])


def shown(values: Sequence[float]) -> str:
    """Return a mean over banks with its interval."""
    mean, half = interval(values)
    return f"{mean:,.0f} ± {half:,.0f}"


def aside(ours: Sequence[Result], arms: Sequence[tuple[float, float]]) -> str:
    """Return what ours lost on its way, and what its held-out group measures, beside the truth."""
    explored, lost = (sum(getattr(one, name) for one in ours) for name in ("explored", "lost"))
    says, true = (float(np.mean([one[k] for one in arms])) for k in (0, 1))
    error = shown([said - known for said, known in arms])
    return (
        f"Engage left {explored} alone to learn from them, and {lost} found no agent left.\n"
        f"Held out by Engage: a treated customer's year is {says:,.0f} euros better than one's who was "
        f"held out; by the truth {true:,.0f}, error {error}."
    )
