"""Two names for one person become one, from the day that was learned.

A statement says that an identity (a browser, an older account) turned out to be a person. An identity
stated of one person is linked to that person; one stated of two people, like a shared computer,
belongs to neither and says so by a link to itself.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from engage.collect.schema import TIME, arrow_schema
from engage.domain.people import LINKS

STATEMENTS = pa.schema([("alias_id", pa.string()), ("person_id", pa.string()), ("known_at", TIME)])
"""That an identity turned out to be a person, and when that was learned."""

_MOST_STEPS = 16
"""Chains of links longer than this end; links that lead in a circle would not."""


def links(statements: pa.Table) -> pa.Table:
    """Return one link per identity (person_id, canonical_id, known_at), sorted by person_id.

    `statements`: alias_id, person_id, known_at, in any order and any number of times. Links held
    already are statements too (`as_statements`), so that what is known in the end does not depend
    on what came first. `known_at` is the earliest of the identity's statements. A link to itself
    marks an identity that was stated of two people: it is joined with nobody.
    """
    grouped = statements.group_by("alias_id", use_threads=False).aggregate(
        [("person_id", "min"), ("person_id", "max"), ("known_at", "min")]
    )
    alone = pc.equal(grouped["person_id_min"], grouped["person_id_max"])
    canonical = pc.if_else(alone, grouped["person_id_min"], grouped["alias_id"])
    made = pa.table(
        [grouped["alias_id"], canonical, grouped["known_at_min"]], schema=arrow_schema(LINKS)
    )
    return made.sort_by("person_id")


def as_statements(held: pa.Table) -> pa.Table:
    """Return links as the statements they stand for."""
    stated = held.select(["person_id", "canonical_id", "known_at"])
    return stated.rename_columns(STATEMENTS.names).cast(STATEMENTS)


def flagged(held: pa.Table) -> pa.Table:
    """Return the identities that were stated of two people: person_id and since when."""
    marks = held.filter(pc.equal(held["person_id"], held["canonical_id"]))
    return marks.select(["person_id", "known_at"])


def owners(held: pa.Table) -> pa.Table:
    """Return who each linked identity is in the end (person_id, canonical_id), chains followed.

    Identities that lead in a circle belong to the smallest id among those they pass.
    """
    plain = held.filter(pc.not_equal(held["person_id"], held["canonical_id"]))
    steps = dict(
        zip(plain["person_id"].to_pylist(), plain["canonical_id"].to_pylist(), strict=True)
    )
    ends = [_end(one, steps) for one in steps]
    return pa.table(
        {"person_id": pa.array(steps, pa.string()), "canonical_id": pa.array(ends, pa.string())}
    ).sort_by("person_id")


def _end(start: str, steps: dict[str, str]) -> str:
    passed = [start]
    while passed[-1] in steps and len(passed) <= _MOST_STEPS:
        following = steps[passed[-1]]
        if following in passed:
            return min(passed[passed.index(following) :])
        passed.append(following)
    return passed[-1]
