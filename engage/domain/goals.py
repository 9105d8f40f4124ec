"""A goal: an outcome with a name, found in events, interactions or transactions."""

from __future__ import annotations

from dataclasses import dataclass

RECOVERED = "recovered"
"""The goal that is known from silence and continued activity, not from one row."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What counts as success: a condition over the rows of one relation, and its worth."""

    name: str
    relation: str
    """events, interactions, transactions or appointments"""
    when: str
    """SQL condition over the relation's columns"""
    value_minor: int = 0
    """Worth of one, in minor units; used where `value_column` is empty."""
    value_column: str = ""
