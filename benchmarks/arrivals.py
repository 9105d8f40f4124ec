"""How well are a bank's calls foreseen? `python benchmarks/arrivals.py`, on its calls of 1999.

Each day from the eleventh week on is forecast from the days before it: at midnight, and again
within the day for the next two hours. Beside it the same half hour of the week before (the seasonal
naive forecast), with and without knowing which days are holidays.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from engage.decide import inbound
from engage.decide.hours import day_number

FILE = Path(__file__).parents[2] / "shared/data/anonymousbank_1999_calls_per_6min.csv"
FIRST = 70
"""The first day that is forecast; ten weeks are learned from."""
AHEAD = 4
"""Half hours, of a forecast within the day."""
HOLIDAYS = (
    "03-31", "04-01", "04-06", "04-07", "04-20", "04-21", "05-20", "05-21", "09-11", "09-12",
    "09-19", "09-20", "09-25", "10-02",
)  # fmt: skip
"""Israel's of 1999, with the eves on which work ends at noon."""


def calls() -> inbound.Floats:
    """Return (365, 48) calls by day and half hour."""
    told = pd.read_csv(FILE)["calls"].to_numpy(np.float64)
    return np.asarray(told.reshape(365, 48, 5).sum(axis=2))


def main() -> int:
    """Print the errors side by side."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.parse_args()
    if not FILE.exists():
        print(f"skipped: {FILE} is not there")
        return 0
    counts = calls()
    first = day_number(date(1999, 1, 1))
    days = first + np.arange(365)
    closed = np.isin(days, [day_number(date(1999, int(d[:2]), int(d[3:]))) for d in HOLIDAYS])
    weeks = [_known(counts, closed, days, at) for at in range(FIRST, 365)]
    said = np.concatenate(
        [one.expected(days[[at]], closed[[at]]) for at, one in enumerate(weeks, FIRST)]
    )
    came, before = counts[FIRST:], counts[FIRST - 7 : -7]
    quiet = np.stack([_quiet(counts, closed, days, at) for at in range(FIRST, 365)])
    print(f"{'at midnight, for the day':<46}{'WAPE':>8}{'RMSE':>8}{'bias':>8}")
    _line("the same half hour of the week before", before, came)
    _line("  holidays as the last quiet day", quiet, came)
    _line("Engage", said, came)
    print(f"\n{'within the day, for the next two hours':<46}{'WAPE':>8}{'RMSE':>8}{'bias':>8}")
    _again("the same half hour of the week before", before, came, None)
    _again("Engage as at midnight", said, came, None)
    _again("Engage again", said, came, weeks)
    return 0


def _known(
    counts: inbound.Floats, closed: inbound.Flags, days: inbound.Days, at: int
) -> inbound.Week:
    week = inbound.learn(counts[:at], int(days[at - 1]), closed[:at])
    assert week is not None
    return week


def _quiet(
    counts: inbound.Floats, closed: inbound.Flags, days: inbound.Days, at: int
) -> inbound.Floats:
    """Return the naive forecast that takes a holiday for the last quiet day, and skips holidays."""
    saturday = 5
    wanted = saturday if closed[at] else int(inbound.weekday(days[[at]])[0])
    past = np.flatnonzero((inbound.weekday(days[:at]) == wanted) & ~closed[:at])
    return counts[past[-1]]


def _line(name: str, said: inbound.Floats, came: inbound.Floats) -> None:
    apart = said - came
    wape, rmse = np.abs(apart).sum() / came.sum(), np.sqrt((apart**2).mean())
    print(f"{name:<46}{wape:>8.3f}{rmse:>8.2f}{apart.sum() / came.sum():>+8.3f}")


def _again(
    name: str, said: inbound.Floats, came: inbound.Floats, weeks: list[inbound.Week] | None
) -> None:
    """Forecast the next half hours at each half hour from seven in the morning to ten at night."""
    made, real = [], []
    for day in range(len(came)):
        for at in range(14, 44):
            factor = np.ones(AHEAD)
            if weeks is not None:
                so_far = came[day, :at], said[day, :at]
                factor = inbound.busyness(*so_far, weeks[day], AHEAD).factor
            made.append(factor * said[day, at : at + AHEAD])
            real.append(came[day, at : at + AHEAD])
    _line(name, np.stack(made), np.stack(real))


if __name__ == "__main__":
    sys.exit(main())
