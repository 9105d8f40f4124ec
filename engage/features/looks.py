"""When the engine would have looked at somebody lately, so that a trigger can be tried on it."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from engage.domain.scores import Subject
from engage.domain.sessions import SILENCE
from engage.features import identity
from engage.features.engines.duckdb import DuckEngine
from engage.features.schema import SUBJECTS, TIME, subjects_table

LOOKS = pa.schema([*SUBJECTS, pa.field("moment", TIME)])
"""A subject as of a look at it, and when it was last alive by then (when an appointment begins)."""

SILENT_MIN = (0, 1, 2, 5, 10, 15, 20, 25, 29)
"""So long after each event a visit is looked at again, if nothing else happens in it."""
HOURS_BEFORE = (72, 48, 36, 24, 18, 12, 6, 3, 2, 1)
"""So long before it begins an appointment is looked at."""

_SESSION = f"""
SELECT subject_id, person_id, as_of, moment
FROM (
    SELECT
        session_id AS subject_id,
        person_id,
        known_at + silent * INTERVAL '1' MINUTE AS as_of,
        moment,
        next_at
    FROM (
        SELECT
            session_id,
            person_id,
            known_at,
            max(ts) OVER (PARTITION BY session_id ORDER BY known_at) AS moment,
            lead(known_at) OVER (PARTITION BY session_id ORDER BY known_at) AS next_at
        FROM (
            SELECT session_id, min(person_id) AS person_id, known_at, max(ts) AS ts
            FROM (
                SELECT
                    event_id,
                    min_by(session_id, known_at) AS session_id,
                    min_by(person_id, known_at) AS person_id,
                    min(known_at) AS known_at,
                    min(ts) AS ts
                FROM events
                WHERE session_id IS NOT NULL AND {{span}}{{thinned}}
                GROUP BY event_id
            ) AS once
            GROUP BY session_id, known_at
        ) AS steps
    ) AS followed
    CROSS JOIN (SELECT unnest({list(SILENT_MIN)}) AS silent) AS silences
) AS looks
WHERE (next_at IS NULL OR as_of < next_at)
    AND as_of >= moment
    AND us(as_of) - us(moment) < {SILENCE.total_seconds() * 1e6:.0f}
"""
_INTERACTION = """
SELECT subject_id, person_id, as_of, moment
FROM (
    SELECT
        interaction_id AS subject_id,
        person_id,
        greatest(coalesce(ended_at, ts), known_at) AS as_of,
        coalesce(ended_at, ts) AS moment,
        row_number() OVER (PARTITION BY interaction_id ORDER BY known_at) AS place
    FROM interactions
    WHERE initiated_by <> 'engine' AND {span}{thinned}
) AS contacts
WHERE place = 1
"""
_APPOINTMENT = f"""
SELECT subject_id, person_id, starts_at - before * INTERVAL '1' HOUR AS as_of, starts_at AS moment
FROM (
    SELECT
        appointment_id AS subject_id,
        min_by(person_id, known_at) AS person_id,
        min_by(starts_at, known_at) AS starts_at,
        min(known_at) AS known_at
    FROM appointments
    WHERE true{{thinned}}
    GROUP BY appointment_id
) AS agreed
CROSS JOIN (SELECT unnest({list(HOURS_BEFORE)}) AS before) AS befores
WHERE starts_at - before * INTERVAL '1' HOUR >= known_at
"""
_QUERIES = {
    Subject.SESSION: _SESSION,
    Subject.INTERACTION: _INTERACTION,
    Subject.APPOINTMENT: _APPOINTMENT,
}
"""Nothing looks at people by themselves yet."""


def looked_at(subject: Subject) -> bool:
    """Return whether the engine looks at this kind of subject at all."""
    return subject in _QUERIES


def count(engine: DuckEngine, subject: Subject, since: datetime, until: datetime) -> int:
    """Return how many looks `looks` would give of everybody."""
    (row,) = engine.table(
        f"SELECT count(*) AS n FROM ({_within(subject, since, until, 1)})"
    ).to_pylist()
    return int(row["n"])


def looks(
    engine: DuckEngine, subject: Subject, since: datetime, until: datetime, share: float = 1.0
) -> pa.Table:
    """Return LOOKS of a time, `until` excluded, in order; of a share of the people, by a hash."""
    found = engine.table(_within(subject, since, until, share))
    known = engine.table(identity.AS_OF, subjects=subjects_table(found))
    whole = found.drop_columns(["person_id"]).join(
        known, ["subject_id", "as_of"], join_type="inner", use_threads=False
    )
    order = [("as_of", "ascending"), ("subject_id", "ascending")]
    return whole.select(LOOKS.names).cast(LOOKS).sort_by(order)


def _within(subject: Subject, since: datetime, until: datetime, share: float) -> str:
    bounds = f"us({{0}}) >= {_microseconds(since)} AND us({{0}}) < {_microseconds(until)}"
    query = _QUERIES[subject].format(span=bounds.format("known_at"), thinned=_thinned(share))
    return f"SELECT * FROM ({query}) AS found WHERE {bounds.format('as_of')}"


def _thinned(share: float) -> str:
    if share >= 1:
        return ""
    return f" AND substr(md5('looked at ' || person_id), 1, 8) < '{int(share * 16**8):08x}'"


def _microseconds(moment: datetime) -> int:
    value: int = pa.scalar(moment, pa.timestamp("us", "UTC")).value
    return value
