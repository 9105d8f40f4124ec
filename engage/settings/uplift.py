"""How Engage learns what each action adds."""

from __future__ import annotations

from typing import Literal

from engage.settings.base import Section, key

Learner = Literal["S", "T", "X", "DR"]


class Uplift(Section):
    """How much each action adds to the chance of the goal; `learn_uplift` looks every night."""

    prior_decisions: float = key(
        "as many matured decisions as an action's prior_lift counts as much as; the more, the longer "
        "it is believed against the evidence",
        100.0,
        unit="decisions",
        gt=0,
        le=1_000_000,
    )
    min_decisions: int = key(
        "from so many matured decisions of a trigger on it is learned who gains by which action; "
        "before, all of the trigger are taken to gain alike",
        2_000,
        unit="decisions",
        ge=200,
    )
    learners: tuple[Learner, ...] = key(
        "ways to learn it that are compared, the first of them preferred unless another is proved "
        "better: one model with the action among the features (S), one a group (T), crossed (X), "
        "doubly robust (DR)",
        ("S", "T", "X", "DR"),
        min_length=1,
    )
