"""How models in use are watched, and what no model may know."""

from __future__ import annotations

from typing import Literal

from engage.settings.base import Section, key

PROTECTED = (
    "=age",
    "age band",
    "age group",
    "age years",
    "birth",
    "birthday",
    "biometric",
    "citizenship",
    "customer age",
    "disability",
    "disabled",
    "ethnic",
    "ethnicity",
    "gender",
    "genetic",
    "health",
    "marital",
    "nationality",
    "political",
    "pregnancy",
    "pregnant",
    "race",
    "religion",
    "religious",
    "sex",
    "sexual",
    "trade union",
)
FREE_TEXT = ("body", "comment", "comments", "free text", "note", "notes", "text", "transcript")


class Incident(Section):
    """When so many visitors struggle at once that it must be an outage, of the pages or of us."""

    do: Literal["slots", "pause", "nothing"] = key(
        "slots: only call-back slots are offered meanwhile; pause: nothing is; what customers asked "
        "for goes on",
        "slots",
    )
    share: float = key(
        "of the visitors who usually get on, so many struggle", 0.5, unit="share", gt=0, le=1
    )
    visits: int = key("of fewer on the pages nothing is concluded", 20, unit="visits", ge=1)
    calm_min: float = key("it is over when it was not seen for so long", 30.0, unit="minutes", ge=0)


class Drift(Section):
    """When a model in use no longer fits the people it scores; `watch_drift` looks every night."""

    psi: float = key(
        "population stability index beyond what chance explains, from which a column has drifted",
        0.2,
        gt=0,
    )
    chance: float = key(
        "chance of a false alarm per model and look, over all its columns together",
        0.01,
        unit="share",
        gt=0,
        lt=0.5,
    )
    weeks: int = key(
        "newest weeks that are compared with training; whole ones, so that weekdays weigh alike",
        1,
        unit="weeks",
        ge=1,
    )
    most_weeks: int = key(
        "looked back as far as this where a week has too few people", 4, unit="weeks", ge=1
    )
    min_people: int = key(
        "fewer people than this show nothing but chance", 50, unit="people", ge=20
    )
    stale_h: float = key(
        "a feature silent for this long, against its habit, counts as no longer fed",
        48.0,
        unit="hours",
        gt=0,
    )
    matured_weeks: int = key(
        "newest weeks of known outcomes over which quality and calibration are told",
        8,
        unit="weeks",
        ge=1,
    )
    calibration_error: float = key(
        "calibration error beyond chance from which scores no longer mean what they say; for an "
        "amount the share by which the total is off",
        0.05,
        gt=0,
    )
    max_rows: int = key(
        "of more moments than this a look takes so many, drawn by the seed",
        20_000,
        unit="rows",
        ge=1_000,
    )
    rollback: Literal["ask", "auto"] = key(
        "when calibration breaks and the model before is honest on the same rows: ask proposes to "
        "go back to it, auto does it",
        "ask",
    )


class Fairness(Section):
    """What no model may know, and how alike it must be to groups that it knows nothing of."""

    protected: tuple[str, ...] = key(
        "words that no feature's name, and no attribute that a query reads, may hold: protected by "
        "law, or so near to it that nobody could tell the difference; = stands before what counts "
        "only as the whole name",
        PROTECTED,
    )
    free_text: tuple[str, ...] = key(
        "words that mark what people wrote, which may hold anything at all", FREE_TEXT
    )
    largest_gap: float = key(
        "how far outcome and score of a group may be apart on average before it is called unequal; "
        "for an amount as a share of the mean",
        0.02,
        gt=0,
    )
