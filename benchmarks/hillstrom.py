"""What did an e-mail campaign change? MineThatData's challenge, 64,000 customers in three arms.

Engage knows the log only: who was sent what, with which chance, and what they did afterwards. Its
effects per person stand beside the arithmetic of the file, done with numpy alone.
"""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
from figures import Figure
from numpy.typing import NDArray
from project import DATA, Project

FILE = "hillstrom.csv"
AFTER = "2008-06-01T00:00:00"
ARMS = {"mens": "Mens E-Mail", "womens": "Womens E-Mail"}
GOALS = ("visit", "conversion", "spend")
STATED = {("mens", "visit"): 0.0766, ("womens", "visit"): 0.0452}
"""Effects that the publications of this campaign state."""


Column = NDArray[np.float64]
Z = 1.959963984540054


def measure(project: Project) -> list[Figure]:
    """Return the effect of each e-mail on each goal, by Engage and by arithmetic."""
    project.bring("people", DATA / FILE, "people")
    project.bring("decisions", DATA / FILE, "decisions")
    for goal in GOALS:
        project.bring("outcomes", DATA / FILE, goal)
    project.told("job", "archive_history")
    triggers = project.told("report", "--at", AFTER)["triggers"]
    found = next(one for one in triggers if one["name"] == "email_challenge")
    values = _columns()
    figures = [_beside(found, values, arm, goal) for goal in GOALS for arm in ARMS]
    broken = sum(map(len, project.told("verify").values()))
    return [*figures, Figure("laws broken (engage verify)", str(broken), "0", "", broken == 0)]


def _columns() -> dict[str, NDArray[Any]]:
    with (DATA / FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    goals = {goal: np.array([float(row[goal]) for row in rows]) for goal in GOALS}
    return {**goals, "segment": np.array([row["segment"] for row in rows])}


def _beside(found: Any, values: dict[str, NDArray[Any]], arm: str, goal: str) -> Figure:
    """Return Engage's effect beside the arithmetic of the file."""
    unit, scale = ("minor", 100.0) if goal == "spend" else ("share", 1.0)
    effect = next(
        one["effect"]
        for one in found["actions"]
        if (one["action"], one["goal"], one["unit"]) == (arm, goal, unit)
    )
    ours = [effect[name] / scale for name in ("estimate", "low", "high")]
    treated = values[goal][values["segment"] == ARMS[arm]]
    nobody = values[goal][values["segment"] == "No E-Mail"]
    plain = _welch(treated, nobody) if goal == "spend" else _newcombe(treated, nobody)
    difference = plain[0]
    stated = STATED.get((arm, goal), round(difference, 4))
    equal = bool(np.allclose(ours, plain, rtol=0, atol=1e-6 if goal != "spend" else 1e-3))
    return Figure(
        f"{goal} per customer, {arm} e-mail against none"
        + (", dollars" if goal == "spend" else ""),
        _words(ours),
        f"{stated:+.4f}",
        f"{_words(plain)} (arithmetic of the file)",
        equal and abs(ours[0] - stated) < 5e-5,
    )


def _welch(treated: Column, nobody: Column) -> list[float]:
    """Return the difference in means with its normal 95 % interval."""
    difference = float(treated.mean() - nobody.mean())
    variances = (arm.var(ddof=1) / len(arm) for arm in (treated, nobody))
    error = Z * float(np.sqrt(sum(variances)))
    return [difference, difference - error, difference + error]


def _newcombe(treated: Column, nobody: Column) -> list[float]:
    """Return the difference of two rates with Newcombe's 95 % interval (1998, method 10)."""
    (p1, low1, high1), (p2, low2, high2) = _wilson(treated), _wilson(nobody)
    low = p1 - p2 - np.hypot(p1 - low1, high2 - p2)
    high = p1 - p2 + np.hypot(high1 - p1, p2 - low2)
    return [p1 - p2, float(low), float(high)]


def _wilson(arm: Column) -> tuple[float, float, float]:
    """Return a rate with its score interval (Wilson 1927)."""
    rate, people = float(arm.mean()), len(arm)
    centre = (rate + Z**2 / (2 * people)) / (1 + Z**2 / people)
    spread = np.sqrt(rate * (1 - rate) / people + Z**2 / (4 * people**2))
    error = Z * float(spread) / (1 + Z**2 / people)
    return rate, centre - error, centre + error


def _words(figures: list[float]) -> str:
    return f"{figures[0]:+.4f} ({figures[1]:+.4f} to {figures[2]:+.4f})"
