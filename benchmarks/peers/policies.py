"""Other libraries on the trial that Engage learned from: `python policies.py TRIAL.npz FOUND.npz`.

Runs in an environment of its own (`make peers`) and knows nothing of Engage but TRIAL: `matrix` and
which columns of it are `categories`, the `arm` of each row of which the largest is none, the
`outcome`, and `halves` (seeds, n). Each peer learns on one half and is asked about the other, both
ways, for each seed; FOUND holds by its name (seeds, n, arms) what each arm changes beside none. All
grow trees as small as Engage's, so that what differs is the learner, and are told that the arms
were drawn with equal chances.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from causalml.inference import meta
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.typing import NDArray
from sklift.models import SoloModel, TwoModels

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

TREES = {
    "n_estimators": 150,
    "learning_rate": 0.05,
    "num_leaves": 4,
    "min_child_samples": 100,
    "reg_lambda": 10.0,
    "max_bin": 63,
    "n_jobs": 1,
    "verbosity": -1,
}
EVEN = 0.5
"""The chance of an arm among those who had it or none."""


@dataclass(frozen=True)
class Half:
    """The people a peer learns from."""

    matrix: Floats
    arm: Places
    outcome: Floats
    seed: int

    @property
    def none(self) -> int:
        """Return the number of the arm that was left alone."""
        return int(self.arm.max())

    @property
    def effect(self) -> Any:
        """Return trees for an amount."""
        return LGBMRegressor(**TREES, random_state=self.seed)

    @property
    def trees(self) -> Any:
        """Return trees for the outcome: a goal is a chance, anything else an amount."""
        return LGBMClassifier(**TREES, random_state=self.seed) if self.goal else self.effect

    @property
    def goal(self) -> bool:
        """Return whether the outcome is 0 or 1."""
        return bool(np.isin(self.outcome, (0, 1)).all())


Peer = Callable[[Half, Floats], Floats]
"""What it learned from a half, asked about (n, f): (n, arms), what each changes beside none."""


def main() -> None:
    """Write what each peer promises each person for each arm."""
    # The R-learner has no argument that keeps it from starting a process for each core.
    os.environ["LOKY_MAX_CPU_COUNT"] = "1"
    told = np.load(sys.argv[1])
    matrix = spread(told["matrix"], told["categories"])
    found = {}
    for name, peer in PEERS.items():
        found[name] = np.zeros((len(told["halves"]), len(matrix), int(told["arm"].max())))
        for seed, halves in enumerate(told["halves"]):
            for one in range(2):
                own, other = halves == one, halves != one
                half = Half(matrix[other], told["arm"][other], told["outcome"][other], seed)
                found[name][seed, own] = peer(half, matrix[own])
    np.savez(sys.argv[2], **found)


def spread(matrix: Floats, categories: Places) -> Floats:
    """Return the features with a column of its own for each word."""
    kept = np.delete(matrix, categories, axis=1)
    words = [matrix[:, [one]] == np.unique(matrix[:, one]) for one in categories]
    return np.column_stack([kept, *words]).astype(np.float64)


def by_causalml(learner: str, half: Half, asked: Floats) -> Floats:
    """Return what a learner of causalml finds, which knows several arms."""
    separate = learner in {"X", "R"} and half.goal
    own = (
        {"outcome_learner": half.trees, "effect_learner": half.effect}
        if separate
        else {"learner": half.effect if learner == "DR" else half.trees}
    )
    own |= {"random_state": half.seed} if learner == "R" else {}
    kind = "Regressor" if learner == "DR" or not half.goal else "Classifier"
    made = getattr(meta, f"Base{learner}{kind}")(control_name=half.none, **own)
    more = {"seed": half.seed} if learner == "DR" else {}
    chances = _even(half.none, half.matrix)
    made.fit(half.matrix, treatment=half.arm, y=half.outcome, p=chances, **more)
    return np.asarray(made.predict(asked, p=_even(half.none, asked)))


def _even(arms: int, rows: Floats) -> dict[int, Floats]:
    return {arm: np.full(len(rows), EVEN) for arm in range(arms)}


def by_scikit_uplift(made: Callable[[Half], Any], half: Half, asked: Floats) -> Floats:
    """Return what a model of scikit-uplift finds, which knows one arm: each against none."""
    found = []
    for arm in range(half.none):
        both = (half.arm == arm) | (half.arm == half.none)
        model = made(half)
        model.fit(half.matrix[both], half.outcome[both], (half.arm[both] == arm).astype(int))
        found.append(model.predict(asked))
    return np.column_stack(found)


def by_response(half: Half, asked: Floats) -> Floats:
    """Return the outcome expected under the best arm, which everybody is to have.

    No uplift at all: who answers most is thought to gain most.
    """
    best = np.argmax([half.outcome[half.arm == arm].mean() for arm in range(half.none)])
    mine = half.arm == best
    trees = half.trees.fit(half.matrix[mine], half.outcome[mine])
    found = np.full((len(asked), half.none), -np.inf)
    expected = trees.predict_proba(asked)[:, 1] if half.goal else trees.predict(asked)
    found[:, best] = np.maximum(expected, 0)
    return found


def solo(half: Half) -> Any:
    """Return one model in which each feature stands again for those who had the arm."""
    return SoloModel(half.trees, method="treatment_interaction")


def two(half: Half) -> Any:
    """Return a model of each side, of which the second is told what the first expects."""
    return TwoModels(half.trees, half.trees, method="ddr_control")


PEERS: Mapping[str, Peer] = {
    **{f"causalml {one}": partial(by_causalml, one) for one in ("S", "T", "X", "R", "DR")},
    "scikit-uplift solo": partial(by_scikit_uplift, solo),
    "scikit-uplift two": partial(by_scikit_uplift, two),
    "plain response": by_response,
}


if __name__ == "__main__":
    main()
