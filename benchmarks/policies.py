"""Whom to send which e-mail: the policy that Hillstrom's 64,000 customers support.

    python benchmarks/policies.py --seeds 5

Every policy is learned on one half of the people and valued on the other, both ways, for each seed,
by doubly robust scores over all 64,000; figures are means over the seeds. "guarded" is what Engage
would do: the best single action unless the half it learned from proves a deviation.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator

import numpy as np
from figures import Figure, table
from project import DATA

from engage.scoring.uplift.budget import within
from engage.scoring.uplift.guard import guard
from engage.scoring.uplift.learners import LEARNERS, Learner, crossed, s_learner, scores
from engage.scoring.uplift.trees import Fit
from engage.scoring.uplift.trial import Floats, Places, Trial, trial
from engage.scoring.uplift.value import difference, policy_value

FILE = "hillstrom.csv"
ARMS = {"Mens E-Mail": "mens", "Womens E-Mail": "womens", "No E-Mail": "none"}
WORDS, NUMBERS = ("zip_code", "channel"), ("recency", "history", "mens", "womens", "newbie")
MAY_BE_CONTACTED = 0.3
SEEDS = 5


def campaign(goal: str) -> Trial:
    """Return the campaign as a trial of one outcome."""
    with (DATA / FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    numbers = [np.array([float(row[name]) for row in rows]) for name in NUMBERS]
    codes = [np.unique([row[name] for row in rows], return_inverse=True)[1] for name in WORDS]
    ids = [f"{number:06d}" for number in range(len(rows))]
    return trial(
        ids=ids,
        persons=ids,
        actions=("mens", "womens"),
        taken=[ARMS[row["segment"]] for row in rows],
        chance=np.full((len(rows), 3), 1 / 3),
        outcome=np.array([float(row[goal]) for row in rows]),
        matrix=np.column_stack([*numbers, *codes]),
        categories=(len(NUMBERS), len(NUMBERS) + 1),
    )


def halves(tried: Trial, learner: Learner, fit: Fit) -> tuple[Floats, Places]:
    """Return what is promised to each, and what is done, by what the other half of people says."""
    fold = tried.fold(2, fit.seed, "judge")
    promised, policy = np.zeros(tried.chance.shape), np.zeros(len(tried), np.int64)
    for one in range(2):
        own, other = fold == one, tried.rows(np.flatnonzero(fold != one))
        proof = scores(other, crossed(other, s_learner, 2, fit, "guard"))
        found = guard(other, crossed(other, learner, 2, fit, "guard"), proof)
        promised[own] = learner(other, fit)(tried.matrix[own])
        policy[own] = found.policy(promised[own], tried.allowed[own])
    return promised, policy


def measured(tried: Trial, learner: Learner, seeds: int) -> Iterator[tuple[float, ...]]:
    """Yield for each seed: guarded, its lower bound, all mens, as learned, bound, 30 %."""
    mens = np.zeros(len(tried), np.int64)
    for seed in range(seeds):
        fit = Fit(tried.categories, seed, 1)
        worth = scores(tried, crossed(tried, s_learner, 2, fit, "judge"))
        promised, policy = halves(tried, learner, fit)
        learned = promised.argmax(axis=1)
        yield (
            policy_value(tried, worth, policy).estimate,
            difference(tried, worth, policy, mens).low,
            policy_value(tried, worth, mens).estimate,
            policy_value(tried, worth, learned).estimate,
            difference(tried, worth, learned, mens).low,
            policy_value(tried, worth, within(policy, promised, MAY_BE_CONTACTED)).estimate,
        )


def figures(name: str, seeds: int) -> list[Figure]:
    """Return the policies of one learner beside their targets."""
    found = []
    for goal, least, bound in (("visit", 0.1823, -0.002), ("spend", 1.418, -0.12)):
        runs = list(measured(campaign(goal), LEARNERS[name], seeds))
        value, low, mens, plain, plain_low, limited = np.mean(runs, axis=0).tolist()
        met = value >= least and low > bound
        beside = f"all mens {mens:.4f}; as learned {plain:.4f} (lower bound {plain_low:+.4f})"
        said = f"{value:.4f} (lower bound {low:+.4f})"
        found.append(
            Figure(f"{name}: {goal} a customer", said, f">= {least}, > {bound}", beside, met)
        )
        if goal == "visit":
            what = f"{name}: visit a customer, 30 % contacted"
            found.append(
                Figure(what, f"{limited:.4f}", ">= .133", ".1338 (peer)", limited >= 0.133)
            )
    return found


def measure() -> list[Figure]:
    """Return the policies of the learner that is shipped."""
    return figures("S", SEEDS)


def main() -> int:
    """Print the figures; 0 also where there is no file, which is said."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--learners", nargs="*", default=["S"], choices=list(LEARNERS))
    asked = parser.parse_args()
    if not (DATA / FILE).is_file():
        print(f"SKIPPED: there is no {FILE} in ../shared/data")
        return 0
    for name in asked.learners:
        print(table(figures(name, asked.seeds)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
