"""What does each customer spend next? CDNOW, 23,570 customers, 39 weeks seen and 39 to predict.

The score is the mean of the trees and of BG/NBD with gamma-gamma, whose parameters are those of the
39 weeks; nothing later is learned from. Beside it the library `lifetimes` fits the same 39 weeks, in
an environment of its own. A difference is a mean over three trainings of the trees, its interval that
of 500 samples of the customers. The parameters of the published sample, and the seconds that fitting
takes, come from Engage's own modules, as no command asks for them alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import against_values
import numpy as np
from figures import Figure
from project import DATA, Project

from engage.scoring.bg_nbd import fit_bg_nbd
from engage.scoring.gamma_gamma import fit_gamma_gamma

FILE = "CDNOW_master.txt"
SAMPLE = "CDNOW_sample.txt"
SEEDS = range(3)
"""Of the training only: the split is the one of Fader and Hardie."""
AFTER = "1998-08-01T00:00:00"
END = 19_970_930
"""The last of the 39 weeks."""
PUBLISHED = (0.2426, 4.414, 0.793, 2.426)
"""r, alpha, a and b: Fader, Hardie and Lee (2005), table 2."""
PUBLISHED_SPEND = (6.25, 3.74, 15.44)
"""p, q and gamma: Fader and Hardie (2013)."""


def measure(project: Project) -> list[Figure]:
    """Return how far the predicted spend of each customer is from what they spent."""
    project.bring("transactions", DATA / FILE, "transactions")
    project.told("job", "archive_history")
    judged = [_judged(project, name) for name in ("customer_value", "customer_purchases")]
    (spend, of_spend), (days, of_number) = judged
    peers = against_values.fitted(DATA / FILE, END, header=1)
    broken = sum(map(len, project.told("verify").values()))
    rmse, gini, bias = (_mean(spend, name) for name in ("rmse", "ngini", "bias"))
    rmse /= 100
    people, of_days = spend[0]["n"], _mean(days, "rmse")
    return [
        Figure("customers judged", f"{people:,}", "23,570", "", people == 23_570),
        Figure(
            "spend RMSE, dollars", f"{rmse:.1f}", "<= 92.9", "91.7 to 93.0 (peers)", rmse <= 92.9
        ),
        Figure("normalised Gini", f"{gini:.3f}", ">= .715", ".672 to .724 (peers)", gini >= 0.715),
        Figure(
            "bias of the total",
            f"{bias:+.0%}",
            "within 15 %",
            "-9 to -17 % (peers)",
            abs(bias) <= 0.15,
        ),
        Figure("transactions RMSE", f"{of_days:.3f}", "<= 1.73", "1.718 (peer)", of_days <= 1.73),
        *against_values.spend(peers, of_spend),
        *against_values.number(peers, of_number),
        *_of_the_sample(),
        _fit_time(),
        Figure("laws broken (engage verify)", str(broken), "0", "", broken == 0),
    ]


def _judged(project: Project, model: str) -> tuple[list[dict[str, Any]], list[Path]]:
    """Return what is told of a model for each seed, and the files of the rows it was judged on."""
    told, rows = [], []
    for seed in SEEDS:
        rows.append(project.folder / f"{model}_{seed}.parquet")
        asked = ("models", "evaluate", model, "--split", "time", "--at", AFTER)
        told.append(project.told(*asked, "--seed", str(seed), "--rows", rows[-1].name))
    return told, rows


def _mean(runs: list[dict[str, Any]], name: str) -> float:
    return float(sum(run[name] for run in runs) / len(runs))


def _of_the_sample() -> list[Figure]:
    """Return the parameters of the one-in-ten sample beside the published ones."""
    if not (DATA / SAMPLE).is_file():
        return []
    repeats, recency, age, spend, _ = summed(SAMPLE, person=1, header=0)
    buying = fit_bg_nbd(repeats, recency, age)
    spending = fit_gamma_gamma(repeats[repeats > 0], spend[repeats > 0])
    peers = against_values.fitted(DATA / SAMPLE, END, header=0)
    theirs = peers.parameters if peers else {}
    found = (buying.r, buying.alpha, buying.a, buying.b)
    spent = (spending.p, spending.q, spending.gamma)
    return [
        _beside("BG/NBD", ("r", "alpha", "a", "b"), found, PUBLISHED, theirs),
        _beside("gamma-gamma", ("p", "q", "v"), spent, PUBLISHED_SPEND, theirs),
    ]


def _beside(
    what: str,
    names: tuple[str, ...],
    found: tuple[float, ...],
    published: tuple[float, ...],
    peers: Mapping[str, float],
) -> Figure:
    """Return fitted parameters beside the published ones and those that `lifetimes` fits."""
    told = f"{_words(published)} (published)"
    if peers:
        told += f", {_words([peers[name] for name in names])} (lifetimes)"
    close = all(abs(a / b - 1) <= 0.005 for a, b in zip(found, published, strict=True))
    return Figure(f"{what} {', '.join(names)}", _words(found), "within .5 %", told, close)


def _words(figures: Sequence[float]) -> str:
    return " / ".join(f"{one:.4g}" for one in figures)


def _fit_time() -> Figure:
    repeats, recency, age, _, spend = summed(FILE, person=0, header=1)
    begun = time.process_time()
    fit_bg_nbd(repeats, recency, age)
    fit_gamma_gamma(repeats + 1, spend)
    seconds = time.process_time() - begun
    what = "CPU seconds to fit both purchase models, 23,570 customers"
    return Figure(what, f"{seconds:.2f}", "<= 1", "", seconds <= 1)


def summed(name: str, person: int, header: int) -> tuple[np.ndarray, ...]:
    """Return repeats, recency and age in weeks, mean spend of repeats and of all, in 39 weeks.

    `person` is the place of the customer's number, the date stands next to it and the dollars
    last. Purchases of one day are one.
    """
    rows = np.loadtxt(DATA / name, skiprows=header)
    seen = rows[:, person + 1] <= END
    day = np.array([_days(int(one)) for one in rows[seen, person + 1]])
    both, place = np.unique(
        np.column_stack([rows[seen, person], day]).astype(np.int64),
        axis=0,
        return_inverse=True,
    )
    spent = np.bincount(place.ravel(), weights=rows[seen, -1])
    _, first, number = np.unique(both[:, 0], return_index=True, return_counts=True)
    begun, last = both[first, 1], both[first + number - 1, 1]
    total = np.add.reduceat(spent, first)
    of_repeats = (total - spent[first]) / np.maximum(number - 1, 1)
    age = _days(END) - begun
    return number - 1.0, (last - begun) / 7, age / 7, of_repeats, total / number


def _days(date: int) -> int:
    year, month, day = date // 10_000, date // 100 % 100, date % 100
    return int(np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "D").astype(int))
