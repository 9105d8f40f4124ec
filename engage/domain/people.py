"""Who somebody is, as known at each time; identities merge without losing what came before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engage.domain.relations import Column, Kind, Relation, known_at, person_id

PEOPLE = Relation(
    "people",
    ("person_id", "known_at"),
    "what was known about a person from a moment on; never updated in place",
    (
        person_id(),
        Column("valid_from", Kind.TIME, "from when on it is true", required=True),
        known_at(),
        Column(
            "attributes",
            Kind.JSON,
            "tenure, products, region, country, language, zone, ...",
        ),
    ),
    time="valid_from",
    partition="month",
)

LINKS = Relation(
    "links",
    ("person_id",),
    "an earlier identity of a person (a browser, another account) and when the two were joined",
    (
        Column("person_id", Kind.ID, "the earlier identity", required=True),
        Column("canonical_id", Kind.ID, "the person it turned out to be", required=True),
        known_at(),
    ),
    time="known_at",
    partition="month",
)


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """A number or address at which a person can be reached; never supplied by the page."""

    person_id: str
    kind: str
    """phone or email"""
    value: str
    """E.164 for a phone, lower case for an e-mail."""
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's yes or no to one purpose, with where it came from."""

    person_id: str
    purpose: str
    granted: bool
    at: datetime
    source: str
    text_version: str = ""
