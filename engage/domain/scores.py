"""A score: what a model says of a subject as of a moment."""

from __future__ import annotations

from enum import StrEnum


class Subject(StrEnum):
    """What a model scores and a trigger watches."""

    SESSION = "session"
    INTERACTION = "interaction"
    PERSON = "person"
    APPOINTMENT = "appointment"


class Objective(StrEnum):
    """What a score means: a chance between 0 and 1, or an amount."""

    PROBABILITY = "probability"
    AMOUNT = "amount"
