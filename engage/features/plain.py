"""Columns of the subjects that no model scores, so that a trigger can watch them all the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from engage.domain.scores import Subject
from engage.features.definition import Feature


@dataclass(frozen=True, slots=True)
class Plain:
    """A feature query without a model, and the columns it returns."""

    query: str
    features: tuple[Feature, ...]


_FEATURES = {
    Subject.APPOINTMENT: (
        Feature("hours_until", "number", "hours until the appointment: {value}"),
        Feature("kind", "category", "the appointment is for {value}"),
        Feature("state", "category", "the appointment is {value}"),
    )
}


@cache
def plain(subject: Subject) -> Plain | None:
    """Return the query and columns of a subject kind's own, from `queries/`, where it has any."""
    if subject not in _FEATURES:
        return None
    query = (files("engage.features") / "queries" / f"{subject}.sql").read_text()
    return Plain(query, _FEATURES[subject])
