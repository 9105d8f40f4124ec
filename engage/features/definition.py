"""A feature: one number or word about a subject, with what it means to a reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FeatureType = Literal["number", "integer", "flag", "category"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of a model's query: its type and its meaning in words.

    `meaning` may hold `{value}`, where the subject's own value is filled in.
    """

    name: str
    type: FeatureType
    meaning: str
    monotone: int = 0
    """1: more of it never lowers the score; -1: never raises it; 0: either."""
    mention: bool = True
    """False keeps it out of reasons that a customer might hear."""
