"""Whom to send which e-mail: the policy that Hillstrom's 64,000 customers support.

    python benchmarks/policies.py --seeds 5

Every policy is learned on one half of the people and valued on the other, both ways, for each seed,
by doubly robust scores over all 64,000; figures are means over the seeds. "guarded" is what Engage
would do: the best single action unless the half it learned from proves a deviation. Other libraries
learn on the same halves, in an environment of their own, and what they would do is valued by the same
scores: the difference is one person by person.
"""

from __future__ import annotations

import argparse
import csv
import sys

import numpy as np
from against_policies import Run, paired, peers
from figures import Figure, table
from project import DATA

from engage.scoring.uplift.budget import within
from engage.scoring.uplift.guard import guard
from engage.scoring.uplift.learners import LEARNERS, Learner, crossed, s_learner, scores
from engage.scoring.uplift.trees import Fit
from engage.scoring.uplift.trial import Trial, trial
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


def run(tried: Trial, learner: Learner, seed: int) -> Run:
    """Return what each row is worth, and what is done by what the other half of people says."""
    fit = Fit(tried.categories, seed, 1)
    half = tried.fold(2, seed, "judge")
    worth = scores(tried, crossed(tried, s_learner, 2, fit, "judge"))
    promised, policy = np.zeros(tried.chance.shape), np.zeros(len(tried), np.int64)
    for one in range(2):
        own, other = half == one, tried.rows(np.flatnonzero(half != one))
        proof = scores(other, crossed(other, s_learner, 2, fit, "guard"))
        found = guard(other, crossed(other, learner, 2, fit, "guard"), proof)
        promised[own] = learner(other, fit)(tried.matrix[own])
        policy[own] = found.policy(promised[own], tried.allowed[own])
    return Run(half, worth, promised, policy)


def valued(tried: Trial, one: Run) -> tuple[float, ...]:
    """Return: guarded, its lower bound, all mens, as learned, bound, 30 %."""
    mens = np.zeros(len(tried), np.int64)
    learned = one.promised.argmax(axis=1)
    limited = within(one.policy, one.promised, MAY_BE_CONTACTED)
    return (
        policy_value(tried, one.worth, one.policy).estimate,
        difference(tried, one.worth, one.policy, mens).low,
        policy_value(tried, one.worth, mens).estimate,
        policy_value(tried, one.worth, learned).estimate,
        difference(tried, one.worth, learned, mens).low,
        policy_value(tried, one.worth, limited).estimate,
    )


def figures(name: str, seeds: int) -> list[Figure]:
    """Return the policies of one learner beside their targets, and beside those of peers."""
    found = []
    for goal, least, bound in (("visit", 0.1823, -0.002), ("spend", 1.418, -0.12)):
        tried = campaign(goal)
        runs = [run(tried, LEARNERS[name], seed) for seed in range(seeds)]
        promised = peers(tried, runs)
        each = [valued(tried, one) for one in runs]
        value, low, mens, plain, plain_low, limited = np.mean(each, axis=0).tolist()
        met = value >= least and low > bound
        beside = f"all mens {mens:.4f}; as learned {plain:.4f} (lower bound {plain_low:+.4f})"
        said = f"{value:.4f} (lower bound {low:+.4f})"
        what = f"{name}: {goal} a customer"
        found.append(Figure(what, said, f">= {least}, > {bound}", beside, met))
        found.append(paired(what, tried, runs, promised))
        if goal == "visit":
            what += ", 30 % contacted"
            found.append(
                Figure(what, f"{limited:.4f}", ">= .133", ".1338 (peer)", limited >= 0.133)
            )
            found.append(paired(what, tried, runs, promised, MAY_BE_CONTACTED))
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
