"""A learned policy as text and JSON, so that it can be signed, kept and read back."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa

from engage.features.definition import Feature
from engage.scoring.columns import Encoder
from engage.scoring.fit import plain_text
from engage.scoring.uplift.chosen import Policy
from engage.scoring.uplift.learners import Learned
from engage.scoring.uplift.trial import Floats, Trial
from engage.scoring.uplift.value import Value

MODEL = "action_uplift"
"""The name under which policies are kept among the models."""


@dataclass(frozen=True)
class Asked:
    """What the columns of a policy are called, and how their words are numbered."""

    features: tuple[Feature, ...]
    categories: Mapping[str, Sequence[str]]

    @cached_property
    def encoder(self) -> Encoder:
        """Return what turns frames into the policy's numbers."""
        return Encoder(self.features, self.categories, model=MODEL)


@dataclass(frozen=True)
class Promise:
    """A policy that is in force for a trigger."""

    actions: tuple[str, ...]
    single: str
    """The best single action."""
    threshold: float
    """Deviate from it where more money than this is promised."""
    asked: Asked
    learned: Learned

    def expected(self, frame: pa.Table) -> Floats:
        """Return (n, k) what each action is expected to add to the chance of the goal."""
        told = self.learned(self.asked.encoder.encode(frame).matrix)
        return np.asarray(told[:, :-1] - told[:, -1:])


def packed(policy: Policy, trial: Trial, asked: Asked) -> tuple[list[str], dict[str, Any]]:
    """Return the text of each booster, and all else that is needed to use and to judge a policy."""
    held = policy.choice.guard
    named = (*trial.actions, "none")
    body = {
        "learner": policy.choice.learner,
        "actions": list(trial.actions),
        "single": named[held.best],
        "threshold": held.threshold if np.isfinite(held.threshold) else None,
        "proved": None if held.gain is None else asdict(held.gain),
        "value": asdict(policy.value),
        "value_of_single": asdict(policy.single),
        "gain": asdict(policy.gain),
        "deviates": policy.deviates,
        "qini": {name: asdict(value) for name, value in policy.ranks.items()},
        "features": [asdict(one) for one in asked.features],
        "categories": {name: list(words) for name, words in asked.categories.items()},
    }
    return [plain_text(one) for one in policy.learned.boosters], body


def joined(texts: Sequence[str]) -> tuple[str, list[int]]:
    """Return several texts as one, with the length of each."""
    return "".join(texts), [len(one) for one in texts]


def unpacked(text: str, body: Mapping[str, Any], *, threads: int) -> Promise | None:
    """Return a policy that was kept; None where it may not leave the best single action.

    `text` is that of its own boosters, `body["lengths"]` says where each ends.
    """
    if body["threshold"] is None:
        return None
    ends = np.cumsum([0, *body["lengths"]]).tolist()
    boosters = tuple(
        lgb.Booster(model_str=text[begin:end]) for begin, end in itertools.pairwise(ends)
    )
    actions = tuple(body["actions"])
    return Promise(
        actions=actions,
        single=body["single"],
        threshold=body["threshold"],
        asked=Asked(
            tuple(Feature(**one) for one in body["features"]),
            body["categories"],
        ),
        learned=Learned(body["learner"], len(actions), boosters, threads),
    )


def in_words(value: Mapping[str, Any] | Value) -> str:
    """Return a worth with its interval as people read it."""
    told = asdict(value) if isinstance(value, Value) else value
    return f"{told['estimate']:+.1f} ({told['low']:+.1f} to {told['high']:+.1f})"
