"""Whether somebody who was not helped has recovered: no return, no complaint, and still a customer.

Known only from what both arms produce: never from a case's state, from how an agent closed
it, or from contacts that the engine began.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engage.features.engines.duckdb import DuckEngine
from engage.measure.attribution import moment
from engage.measure.reached import placed

Mask = npt.NDArray[np.bool_]

NO_COMPLAINT = timedelta(days=30)
NO_ATTRITION = timedelta(days=90)
SILENT_GAPS = 4
"""Silence of this many of the person's own usual gaps counts as having left, where they were never
silent for so long in the year before."""

_FACTS = """
WITH last_said AS (
    SELECT interaction_id, max(corrected_at) AS corrected_at
    FROM corrections
    WHERE corrected_at <= (SELECT max(now) FROM units)
    GROUP BY interaction_id
),
replaced AS (
    SELECT l.interaction_id, l.corrected_at
    FROM last_said AS l LEFT JOIN (
        SELECT interaction_id, known_at FROM interactions
        WHERE known_at <= (SELECT max(now) FROM units)
    ) AS i ON i.interaction_id = l.interaction_id
    GROUP BY l.interaction_id, l.corrected_at
    HAVING coalesce(min(i.known_at) <= l.corrected_at, true)
),
contacts AS (
    SELECT i.interaction_id, i.person_id, i.ts, i.known_at, i.initiated_by, i.topic, i.queue,
        i.thread_id, i.disposition
    FROM interactions AS i LEFT JOIN replaced AS r ON r.interaction_id = i.interaction_id
    WHERE r.interaction_id IS NULL
    UNION ALL
    SELECT c.interaction_id, c.person_id, c.ts, c.known_at, c.initiated_by, c.topic, c.queue,
        c.thread_id, c.disposition
    FROM corrections AS c JOIN replaced AS r
        ON r.interaction_id = c.interaction_id AND r.corrected_at = c.corrected_at
),
matter AS (
    SELECT u.*, coalesce(i.topic, i.queue) AS topic, i.thread_id
    FROM units AS u
    LEFT JOIN contacts AS i
        ON i.interaction_id = u.subject_id AND i.person_id = u.person_id
),
returned AS (
    SELECT m.place, count(*) AS times
    FROM matter AS m
    JOIN contacts AS b
        ON b.person_id = m.person_id AND b.known_at <= m.now
        AND b.initiated_by = 'customer' AND b.interaction_id IS DISTINCT FROM m.subject_id
        AND b.ts > m.qualified_at AND b.ts <= m.until
        AND (m.topic IS NULL OR coalesce(b.topic, b.queue) = m.topic)
        AND (m.thread_id IS NULL OR b.thread_id IS NULL OR b.thread_id <> m.thread_id)
    GROUP BY m.place
),
complaints AS (
    SELECT person_id, ts, known_at FROM events WHERE name = 'complaint_submitted'
    UNION ALL
    SELECT person_id, ts, known_at FROM contacts
    WHERE initiated_by = 'customer' AND 'complaint' IN (lower(topic), lower(disposition))
),
complained AS (
    SELECT u.place, min(us(c.ts)) AS moment
    FROM units AS u JOIN complaints AS c
        ON c.person_id = u.person_id AND c.known_at <= u.now AND c.ts > u.qualified_at
    GROUP BY u.place
),
closed AS (
    SELECT u.place, min(us(t.ts)) AS moment
    FROM units AS u JOIN transactions AS t
        ON t.person_id = u.person_id AND t.known_at <= u.now AND t.ts > u.qualified_at
        AND t.kind = 'account_closed'
    GROUP BY u.place
),
activity AS (
    SELECT person_id, ts, known_at FROM events
    UNION ALL
    SELECT person_id, ts, known_at FROM transactions WHERE kind IS DISTINCT FROM 'account_closed'
    UNION ALL
    SELECT person_id, ts, known_at FROM contacts WHERE initiated_by = 'customer'
),
active AS (
    SELECT u.place, us(a.ts) AS moment, us(u.qualified_at) AS qualified, us(u.until) AS until
    FROM units AS u JOIN activity AS a
        ON a.person_id = u.person_id AND a.known_at <= u.now
        AND a.ts > u.qualified_at - INTERVAL '365' DAY
),
days AS (
    SELECT DISTINCT place, CAST(floor(moment / 86400000000.0) AS BIGINT) AS day
    FROM active WHERE moment <= qualified
),
gaps AS (
    SELECT place, day - lag(day) OVER (PARTITION BY place ORDER BY day) AS gap FROM days
),
usual AS (
    SELECT place, greatest({gaps} * median(gap), max(gap)) AS days
    FROM gaps GROUP BY place HAVING count(gap) >= 2
),
latest AS (
    SELECT place,
        max(moment) FILTER (WHERE moment <= until) AS by_horizon,
        max(moment) FILTER (WHERE moment <= greatest(until, qualified + {complaint})) AS by_complaint,
        max(moment) FILTER (WHERE moment <= greatest(until, qualified + {attrition})) AS by_attrition
    FROM active WHERE moment > qualified GROUP BY place
)
SELECT u.place, us(u.qualified_at) AS qualified, us(u.until) AS until, us(u.now) AS now,
    coalesce(r.times, 0) > 0 AS returned,
    coalesce(c.moment, {never}) AS complained,
    coalesce(x.moment, {never}) AS closed,
    coalesce(g.days * 86400000000.0, {never}) AS silence,
    coalesce(l.by_horizon, us(u.qualified_at)) AS by_horizon,
    coalesce(l.by_complaint, us(u.qualified_at)) AS by_complaint,
    coalesce(l.by_attrition, us(u.qualified_at)) AS by_attrition
FROM units AS u
LEFT JOIN returned AS r ON r.place = u.place
LEFT JOIN complained AS c ON c.place = u.place
LEFT JOIN closed AS x ON x.place = u.place
LEFT JOIN usual AS g ON g.place = u.place
LEFT JOIN latest AS l ON l.place = u.place
ORDER BY u.place
"""

_MICROSECOND = timedelta(microseconds=1)
_NEVER = 2**62
_SQL = _FACTS.format(
    gaps=SILENT_GAPS,
    complaint=NO_COMPLAINT // _MICROSECOND,
    attrition=NO_ATTRITION // _MICROSECOND,
    never=_NEVER,
)


@dataclass(frozen=True, slots=True)
class Stage:
    """Recovery as known so many days after qualifying; longer stages ask for more."""

    name: str
    """horizon, 30 d or 90 d."""
    ripe: Mask
    """Units for which that long has passed; the others are not used."""
    recovered: npt.NDArray[np.float64]


def stages(engine: DuckEngine, units: pa.Table, now: datetime) -> tuple[Stage, ...]:
    """Return who has recovered, at the trigger's horizon, after 30 days and after 90.

    Recovered at a stage, each condition as far as the stage reaches: no contact on the same topic
    begun by the customer within the horizon (another part of the same conversation is no new
    contact; where the subject has no topic, any contact counts); no complaint within 30 days; no
    account closed within 90 days, nor silence at the stage's end of more than four times the
    person's own median gap between active days of the year before and of more than the longest of
    those gaps (with fewer than three active days there is no usual gap, and silence says nothing).
    The full meaning of *recovered* is the last stage; earlier ones are provisional and the same for
    both arms. Of a contact whose record was corrected, the last word known by `now` counts.
    """
    found = engine.table(_SQL, units=placed(units, now))
    col = {name: found[name].to_numpy() for name in found.column_names}
    ends = {
        "horizon": (col["until"], "by_horizon"),
        "30 d": (_reach(col, NO_COMPLAINT), "by_complaint"),
        "90 d": (_reach(col, NO_ATTRITION), "by_attrition"),
    }
    by = moment(now).value
    return tuple(
        Stage(name, np.asarray(end <= by, np.bool_), _recovered(col, end, col[latest]))
        for name, (end, latest) in ends.items()
    )


def _reach(col: dict[str, npt.NDArray[np.int64]], span: timedelta) -> npt.NDArray[np.int64]:
    return np.maximum(col["until"], col["qualified"] + span // _MICROSECOND)


def _recovered(
    col: dict[str, npt.NDArray[np.int64]],
    end: npt.NDArray[np.int64],
    latest: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    complained = col["complained"] <= np.minimum(end, _reach(col, NO_COMPLAINT))
    closed = col["closed"] <= np.minimum(end, _reach(col, NO_ATTRITION))
    silent = (end - latest) > col["silence"].astype(np.float64)
    return np.asarray(~(col["returned"] | complained | closed | silent), np.float64)
