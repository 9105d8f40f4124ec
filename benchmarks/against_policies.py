"""Other libraries' policies on the trial and the halves of Engage's, valued by the same estimator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from against import asked, missing
from figures import Figure
from project import WORK

from engage.scoring.uplift.budget import within
from engage.scoring.uplift.trial import Floats, Places, Trial
from engage.scoring.uplift.value import Value, difference, policy_value

Promised = Mapping[str, Floats]
"""Of each peer (seeds, n, k + 1) what each action promises, none being 0."""

RANKS = "plain response"
"""Says whom to contact but not by what: a peer only where few may be contacted."""


@dataclass(frozen=True)
class Run:
    """A seed's halves, what each row is worth under each action, and what Engage would do."""

    halves: Places
    worth: Floats
    promised: Floats
    policy: Places


def peers(tried: Trial, runs: Sequence[Run]) -> Promised | None:
    """Let each peer learn on one half and promise the other; None where none is installed."""
    WORK.mkdir(parents=True, exist_ok=True)
    rows, found = WORK / "policies.npz", WORK / "policies_found.npz"
    np.savez(
        rows,
        matrix=tried.matrix,
        categories=np.array(tried.categories, np.int64),
        arm=tried.action,
        outcome=tried.outcome,
        halves=np.stack([run.halves for run in runs]),
    )
    if asked("policies", rows, found) is None:
        return None
    with np.load(found) as told:
        return {name: np.pad(told[name], ((0, 0), (0, 0), (0, 1))) for name in told.files}


def paired(
    what: str,
    tried: Trial,
    runs: Sequence[Run],
    promised: Promised | None,
    share: float | None = None,
) -> Figure:
    """Return by how much Engage's policy is worth more than the best peer's; means over seeds.

    With a share, each contacts no more of the rows: those to whom it promises most itself. The
    interval is that of differences person by person.
    """
    if promised is None:
        return missing(f"{what}, minus the best peer's")
    ours = [_contacted(run.policy, run.promised, share) for run in runs]
    policies = {
        name: [_contacted(seed.argmax(axis=1), seed, share) for seed in each]
        for name, each in promised.items()
        if share is not None or name != RANKS
    }
    values = {
        name: _mean(
            policy_value(tried, run.worth, one) for run, one in zip(runs, each, strict=True)
        )
        for name, each in policies.items()
    }
    best = max(values, key=lambda name: values[name][0])
    apart = zip(runs, ours, policies[best], strict=True)
    estimate, low, high = _mean(difference(tried, run.worth, own, one) for run, own, one in apart)
    return Figure(
        f"{what}, minus the best peer's ({best})",
        f"{estimate:+.4f} ({low:+.4f} to {high:+.4f})",
        "not less by more than chance",
        ", ".join(f"{name} {value:.4f}" for name, (value, _, _) in values.items()),
        high >= 0,
    )


def _contacted(policy: Places, promised: Floats, share: float | None) -> Places:
    return policy if share is None else within(policy, promised, share)


def _mean(values: Iterable[Value]) -> tuple[float, float, float]:
    each = [(one.estimate, one.low, one.high) for one in values]
    estimate, low, high = np.mean(each, axis=0).tolist()
    return estimate, low, high
