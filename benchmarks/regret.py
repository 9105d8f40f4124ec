"""How much of what an oracle gains the learned policy loses, where the true effects are known.

    python benchmarks/regret.py --seeds 2

"chosen" is what Engage does: the learner that earned its place, held by its guard. `--learners S X`
tries some by themselves.

Invented people, three actions with costs, unequal chances. "alike": everybody gains alike; "segments"
and "smooth": who gains by what differs. Regret is a share of what an oracle of the true effects
gains over leaving everybody alone, on 100,000 fresh people.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from numpy.typing import NDArray

from engage.scoring.uplift.chosen import Money, choose
from engage.scoring.uplift.guard import guard
from engage.scoring.uplift.learners import LEARNERS, crossed, s_learner, scores
from engage.scoring.uplift.trees import Fit
from engage.scoring.uplift.trial import Trial, trial
from engage.scoring.uplift.value import net

COST = np.array([0.02, 0.05, 0.005])
NAMES = ("a", "b", "c", "none")
CHANCE = (0.3, 0.2, 0.2, 0.3)
WORLDS = ("alike", "segments", "smooth")
FRESH = 100_000
CHOSEN = "chosen"
Floats = NDArray[np.float64]


def people(n: int, seed: int, world: str) -> tuple[Floats, Floats]:
    """Return (n, 8) features and (n, 4) the true chance of the goal under each action."""
    draw = np.random.default_rng(seed)
    u, v = draw.random((n, 3)), draw.normal(size=(n, 2))
    flag, group, waits = draw.integers(0, 2, n), draw.integers(0, 5, n), draw.exponential(size=n)
    alone = 1 / (1 + np.exp(1.5 - 0.84 * v[:, 0] - 0.8 * flag + 0.5 * (group == 2)))
    same = np.ones(n)
    adds = {
        "alike": (0.06 * same, 0.08 * same, 0.03 * same),
        "segments": (
            0.10 * flag - 0.02 * (u[:, 0] < 0.3),
            0.16 * (group == 2) + 0.10 * (u[:, 0] > 0.6) * (flag == 0),
            0.03 * same,
        ),
        "smooth": (
            0.12 * u[:, 0] * (1 - alone),
            (0.14 * (1 - u[:, 0]) + 0.04 * np.tanh(v[:, 1])) * (1 - alone),
            0.05 * (waits > 1) * (1 - alone),
        ),
    }[world]
    true = np.column_stack([*(alone + one for one in adds), alone])
    matrix = np.column_stack([u[:, 0], v[:, 0], flag, group, waits, v[:, 1], u[:, 1:]])
    return matrix, np.clip(true, 0.001, 0.999)


def log(n: int, seed: int, world: str) -> Trial:
    """Return n logged decisions, drawn with the stated chances."""
    matrix, true = people(n, seed, world)
    draw = np.random.default_rng(seed + 1_000)
    action = (draw.random(n)[:, None] > np.cumsum(CHANCE)[:-1]).sum(axis=1)
    ids = [f"{number:07d}" for number in range(n)]
    return trial(
        ids=ids,
        persons=ids,
        actions=NAMES[:-1],
        taken=[NAMES[one] for one in action],
        chance=np.tile(CHANCE, (n, 1)),
        outcome=(draw.random(n) < true[np.arange(n), action]).astype(np.float64),
        matrix=matrix,
        categories=(3,),
    )


def regret(world: str, name: str, n: int, seed: int) -> tuple[float, float, float]:
    """Return the regret as learned, guarded, and of the truly best single action."""
    tried, fit = log(n, seed, world), Fit((3,), seed, 1)
    if name == CHOSEN:
        choice = choose(tried, Money(np.ones(n), np.tile(COST, (n, 1))), fit, list(LEARNERS))
        learner, held = LEARNERS[choice.learner], choice.guard
    else:
        learner = LEARNERS[name]
        worth = net(scores(tried, crossed(tried, s_learner, 2, fit, "guard")), COST)
        held = guard(tried, net(crossed(tried, learner, 2, fit, "guard"), COST), worth)
    matrix, chance = people(FRESH, seed + 7, world)
    true, promised = net(chance, COST), net(learner(tried, fit)(matrix), COST)
    oracle, alone, rows = true.max(axis=1).mean(), true[:, -1].mean(), np.arange(FRESH)
    policies = (promised.argmax(axis=1), held.policy(promised, np.ones_like(true, bool)))
    values = [true[rows, policy].mean() for policy in policies]
    learned, guarded, single = (
        float((oracle - value) / (oracle - alone)) for value in (*values, true.mean(axis=0).max())
    )
    return learned, guarded, single


def main() -> int:
    """Print the mean regret of each learner in each world."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--n", type=int, default=50_000)
    parser.add_argument("--learners", nargs="*", default=[CHOSEN], choices=[CHOSEN, *LEARNERS])
    parser.add_argument("--worlds", nargs="*", default=list(WORLDS), choices=WORLDS)
    asked = parser.parse_args()
    for world in asked.worlds:
        for name in asked.learners:
            runs = [regret(world, name, asked.n, seed) for seed in range(asked.seeds)]
            learned, guarded, single = (100 * np.mean(runs, axis=0)).tolist()
            print(
                f"{world:<10}{name:<8}guarded {guarded:5.1f} %   as learned {learned:5.1f} %   "
                f"best single {single:5.1f} %   target <= 10 %",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
