"""The relations a feature, goal or root-cause query may read, by name."""

from __future__ import annotations

from engage.domain.appointments import APPOINTMENTS
from engage.domain.decisions import DECISIONS
from engage.domain.events import EVENTS
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.interactions import CORRECTIONS, INTERACTIONS
from engage.domain.outcomes import OUTCOMES
from engage.domain.people import LINKS, PEOPLE
from engage.domain.relations import Relation
from engage.domain.sessions import SESSIONS
from engage.domain.staffing import STAFFING
from engage.domain.transactions import TRANSACTIONS
from engage.domain.values import VALUES

QUERYABLE: dict[str, Relation] = {
    relation.name: relation
    for relation in (
        EVENTS,
        SESSIONS,
        INTERACTIONS,
        CORRECTIONS,
        TRANSACTIONS,
        PEOPLE,
        APPOINTMENTS,
        DECISIONS,
        OUTCOMES,
    )
}
"""What a query may name."""

ARCHIVED: dict[str, Relation] = {**QUERYABLE, LINKS.name: LINKS}
"""What is kept in the database while hot and in Parquet for good."""

IMPORTABLE: dict[str, Relation] = {
    relation.name: relation
    for relation in (
        PEOPLE,
        EVENTS,
        INTERACTIONS,
        TRANSACTIONS,
        APPOINTMENTS,
        DECISIONS,
        OUTCOMES,
        EXCLUSIONS,
        STAFFING,
        VALUES,
    )
}
"""What `engage import KIND` accepts."""
