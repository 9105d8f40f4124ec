"""The moments a model learns from: for each kind of subject, when it would have been looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from engage.domain.scores import Subject
from engage.errors import DefinitionError
from engage.features import identity
from engage.features.engines.duckdb import DuckEngine
from engage.features.schema import SUBJECTS, subjects_table

OF_A_VISIT = 3
"""As many moments of a visit are learned from: a live one is scored at every age (decision 0017)."""

_SESSION = """
SELECT subject_id, min_by(person_id, place) AS person_id, as_of
FROM (
    SELECT
        session_id AS subject_id,
        place,
        min_by(person_id, known_at) AS person_id,
        min(known_at) + min(idle_min) * INTERVAL '1' MINUTE AS as_of
    FROM (
        SELECT
            session_id,
            person_id,
            known_at,
            CASE
                WHEN substr(md5('idle {seed} ' || event_id), 1, 1) IN ('0', '1', '2', '3', '4', '5') THEN 0
                WHEN substr(md5('idle {seed} ' || event_id), 1, 1) IN ('6', '7', '8') THEN 1
                WHEN substr(md5('idle {seed} ' || event_id), 1, 1) IN ('9', 'a', 'b') THEN 4
                WHEN substr(md5('idle {seed} ' || event_id), 1, 1) IN ('c', 'd', 'e') THEN 10
                ELSE 20
            END AS idle_min,
            dense_rank() OVER (
                PARTITION BY session_id ORDER BY md5('moment {seed} ' || event_id)
            ) AS place
        FROM events
        WHERE session_id IS NOT NULL{thinned}
    ) AS drawn
    WHERE place <= {of_a_visit}
    GROUP BY session_id, place
) AS moments
GROUP BY subject_id, as_of
"""
"""Some events of each visit, drawn by a hash, and a silence after each: what the live path looks at."""

_INTERACTION = """
SELECT subject_id, person_id, as_of
FROM (
    SELECT
        interaction_id AS subject_id,
        person_id,
        greatest(coalesce(ended_at, ts), known_at) AS as_of,
        row_number() OVER (PARTITION BY interaction_id ORDER BY known_at) AS place
    FROM interactions
    WHERE initiated_by = 'customer'
) AS contacts
WHERE place = 1
"""
"""The end of each contact that a customer began, once its record is there."""

_PERSON = """
SELECT DISTINCT p.person_id AS subject_id, p.person_id, m.as_of
FROM (
    SELECT person_id, min(known_at) AS known_at
    FROM (
        SELECT person_id, known_at FROM people
        UNION ALL
        SELECT person_id, known_at FROM transactions
    ) AS seen
    GROUP BY person_id
) AS p
JOIN (
    SELECT DISTINCT CAST(date_trunc('month', ts) AS TIMESTAMP) AS as_of FROM transactions
) AS m ON p.known_at <= m.as_of
"""
"""The first of each month in which money moved, for each person known by then."""

_APPOINTMENT = """
SELECT subject_id, person_id, as_of
FROM (
    SELECT
        appointment_id AS subject_id,
        person_id,
        known_at AS as_of,
        row_number() OVER (PARTITION BY appointment_id ORDER BY known_at) AS place
    FROM appointments
) AS agreed
WHERE place = 1
"""
"""When each appointment was learned of."""

_DEFAULTS = {
    Subject.SESSION: _SESSION,
    Subject.INTERACTION: _INTERACTION,
    Subject.PERSON: _PERSON,
    Subject.APPOINTMENT: _APPOINTMENT,
}


_VISITS = "SELECT approx_count_distinct(session_id) AS n FROM events WHERE {span}"
_SPARE = 1.5
"""So many times the visits that are asked for pass the first sieve: their number is an estimate."""
_SILENCE = timedelta(minutes=20)
"""The longest that a visit is looked at after an event of it."""


def default(subject: Subject, seed: int = 1, of_a_visit: int = 1, thinned: str = "") -> str:
    """Return the SQL of a subject kind's own training moments: subject_id, person_id, as_of."""
    return _DEFAULTS[subject].format(seed=int(seed), of_a_visit=int(of_a_visit), thinned=thinned)


def training_subjects(
    engine: DuckEngine,
    subject: Subject,
    *,
    query: str = "",
    seed: int = 1,
    since: datetime | None = None,
    until: datetime | None = None,
    most: int | None = None,
    of_a_visit: int = 1,
    name: str = "the training moments",
) -> pa.Table:
    """Return the subjects to learn from, each as the person it was known to be at its moment.

    `query` replaces the kind's own moments; `since` (inclusive) and `until` (exclusive) bound
    `as_of`; of more than `most` moments, `seed` draws so many, and a second one of a visit only once
    every visit has one. `of_a_visit`: at most so many moments of each visit. Sorted by as_of and
    subject_id; the same rows whatever the order of the input.
    """
    if not query:
        thinned = _thinned(engine, seed, since, until, most) if subject is Subject.SESSION else ""
        query = default(subject, seed, of_a_visit, thinned)
    moments = query.strip().rstrip(";")
    drawn = "" if most is None else _drawn(seed, most, by_turns=subject is Subject.SESSION)
    try:
        kept = engine.table(_within(moments, since, until) + drawn)
    except DefinitionError as error:
        raise DefinitionError(f"{name}: {error}") from error
    known = engine.table(identity.AS_OF, subjects=subjects_table(kept))
    if subject is Subject.PERSON:  # an earlier identity is no person of its own any more
        known = known.filter(pc.equal(known["subject_id"], known["person_id"]))
    ordered = known.cast(SUBJECTS).sort_by([("as_of", "ascending"), ("subject_id", "ascending")])
    return subjects_table(ordered)


def _thinned(
    engine: DuckEngine,
    seed: int,
    since: datetime | None,
    until: datetime | None,
    most: int | None,
) -> str:
    """Return what passes a share of the visits, so that millions are not ranked to keep a few.

    The share is drawn by a hash, and large enough that as many visits are left as are wanted.
    """
    if most is None:
        return ""
    bounds = [
        f"us(known_at) {sign} {_microseconds(moment)}"
        for sign, moment in ((">=", since and since - _SILENCE), ("<", until))
        if moment is not None
    ]
    span = " AND ".join(bounds or ["true"])
    (found,) = engine.table(_VISITS.format(span=span)).to_pylist()
    share = _SPARE * most / max(found["n"], 1)
    chosen = "" if share >= 1 else f" AND {_hash_of(seed)} < '{int(share * 16**8):08x}'"
    among = f" AND session_id IN (SELECT session_id FROM events WHERE {span}{chosen})"
    return among if since is not None else chosen


def _hash_of(seed: int) -> str:
    return f"substr(md5('thinned {int(seed)} ' || session_id), 1, 8)"


def _within(moments: str, since: datetime | None, until: datetime | None) -> str:
    bounds = [
        f"us(as_of) {sign} {_microseconds(moment)}"
        for sign, moment in ((">=", since), ("<", until))
        if moment is not None
    ]
    kept = " AND ".join(bounds or ["true"])
    return f"SELECT subject_id, person_id, as_of FROM (\n{moments}\n) AS found WHERE {kept}"


def _drawn(seed: int, most: int, *, by_turns: bool) -> str:
    """Return what keeps so many moments, drawn by a hash of each, without holding the others.

    `by_turns`: the first of every subject, then the second, and so on.
    """
    drawn = f"md5('drawn {int(seed)} ' || subject_id || us(as_of))"
    turn = f"row_number() OVER (PARTITION BY subject_id ORDER BY {drawn}), " if by_turns else ""
    return f" ORDER BY {turn}{drawn}, subject_id, as_of LIMIT {int(most)}"


def _microseconds(moment: datetime) -> int:
    value: int = pa.scalar(moment, pa.timestamp("us", "UTC")).value
    return value
