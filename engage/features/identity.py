"""A person's earlier identities: what was done anonymously becomes theirs, from the day we knew.

A link says that one identity turned out to be another person, and when that was learned. Links form
chains. A row of the earlier identity then also belongs to every later one, known from the later of
two moments: when the row was known and when the last link of the chain was.
"""

from __future__ import annotations

from engage.domain.relations import Relation

LONGEST_CHAIN = 16
"""Links that lead round in a circle end here."""

IDENTITIES = f"""
CREATE TEMP TABLE identities AS
WITH RECURSIVE one_link AS (
    SELECT person_id, canonical_id, min(known_at) AS known_at
    FROM links WHERE person_id <> canonical_id GROUP BY person_id, canonical_id
),
chain(person_id, canonical_id, known_at, depth) AS (
    SELECT person_id, canonical_id, known_at, 1 FROM one_link
    UNION
    SELECT c.person_id, n.canonical_id, greatest(c.known_at, n.known_at), c.depth + 1
    FROM chain c JOIN one_link n ON n.person_id = c.canonical_id
    WHERE c.depth < {LONGEST_CHAIN} AND n.canonical_id <> c.person_id
)
SELECT person_id, canonical_id, min(known_at) AS known_at, min(depth) AS depth
FROM chain GROUP BY person_id, canonical_id
"""
"""Each identity with every person it became, when that was known, and after how many links."""

NOBODY = """
CREATE TEMP TABLE identities (
    person_id VARCHAR, canonical_id VARCHAR, known_at TIMESTAMP, depth INTEGER
)
"""
"""The same table where no identity became another."""

FINAL = """
SELECT person_id, canonical_id FROM (
    SELECT person_id, canonical_id, row_number() OVER (
        PARTITION BY person_id ORDER BY depth DESC, known_at DESC, canonical_id
    ) AS place FROM identities
) AS ranked WHERE place = 1
"""
"""Each identity with the person it became in the end."""

AS_OF = """
SELECT subject_id, person_id, as_of FROM (
    SELECT s.subject_id, coalesce(i.canonical_id, s.person_id) AS person_id, s.as_of,
        row_number() OVER (
            PARTITION BY s.subject_id, s.as_of
            ORDER BY i.depth DESC NULLS LAST, i.known_at DESC, i.canonical_id
        ) AS place
    FROM subjects s
    LEFT JOIN identities i ON i.person_id = s.person_id AND i.known_at <= s.as_of
) AS ranked WHERE place = 1
"""
"""The subjects with the person each was known to be at its moment."""


def expanded(relation: Relation, rows: str) -> str:
    """Return SQL for the rows of `rows`, and each again for every person its owner became."""
    columns = ", ".join(f"r.{name}" for name in relation.column_names)
    return f"SELECT {columns} FROM {rows} AS r UNION ALL {moved(relation, rows)}"


def moved(relation: Relation, rows: str) -> str:
    """Return SQL for the rows of `rows` under every person their owner became."""
    swapped = ", ".join(_swapped(name) for name in relation.column_names)
    return f"SELECT {swapped} FROM {rows} AS r JOIN identities AS i ON i.person_id = r.person_id"


def _swapped(name: str) -> str:
    if name == "person_id":
        return "i.canonical_id AS person_id"
    if name == "known_at":
        return "greatest(r.known_at, i.known_at) AS known_at"
    return f"r.{name}"
