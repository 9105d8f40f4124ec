"""Who is compared with whom: each person once, from the first time they qualified.

Intention to treat: a person counts on the side they were assigned to, whether an offer reached them
or not. For a trigger, its own arms among the globally treated, from the first qualification for it;
for the engine as a whole, the global arms from the first qualification of all, once in each turn of
the held-out. Identities that
turned out to be one person are one, on the side of the earliest.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from engage.domain.assignments import GLOBAL
from engage.errors import DefinitionError
from engage.features.engines.duckdb import DuckEngine
from engage.features.identity import FINAL
from engage.features.schema import TIME

QUALIFICATIONS = pa.schema(
    [
        pa.field("decision_id", pa.string(), nullable=False),
        pa.field("person_id", pa.string(), nullable=False),
        pa.field("trigger", pa.string(), nullable=False),
        pa.field("subject_id", pa.string()),
        pa.field("qualified_at", TIME, nullable=False),
        pa.field("until", TIME, nullable=False),
        pa.field("arm_global", pa.string()),
        pa.field("arm_trigger", pa.string()),
        pa.field("share_global", pa.float64()),
        pa.field("share_trigger", pa.float64()),
        pa.field("contacted", pa.bool_()),
        pa.field("seen", pa.bool_()),
        pa.field("accepted", pa.bool_()),
        pa.field("cost_minor", pa.int64()),
        pa.field("agent_minutes", pa.float64()),
        pa.field("band", pa.float64()),
        pa.field("turn", pa.string()),
        pa.field("turn_ends", TIME),
        pa.field("long_term", pa.string()),
        pa.field("long_term_ends", TIME),
        pa.field("arm_long_term", pa.string()),
        pa.field("share_long_term", pa.float64()),
    ]
)
"""One row per qualified decision.

`until` is the end of the horizon; a column `horizon` (duration) may stand for it. Arms are
`treated`, `held_out`, or null where nobody was drawn: contacts that were asked for, people who must
be served, and the trigger's arm of the globally held out. `share_*` is the held-out share the arm
was drawn with. `band` is the chance with which the subject was let in from below the threshold, null
where the trigger's condition held. `turn` names the draw behind `arm_global`, null or `global` where that
never ends; `long_term` that of the long-term group, for who was drawn for it. All but ids, moments and arms may be left out.
"""

_NEEDED = ("arm_global", "arm_trigger")
_FIRST = f"""
WITH known AS (
    SELECT q.* REPLACE (
        coalesce(f.canonical_id, q.person_id) AS person_id,
        CASE WHEN q.arm_long_term = 'held_out' THEN q.long_term ELSE coalesce(q.turn, '{GLOBAL}') END
            AS turn
    )
    FROM qualifications AS q
    LEFT JOIN ({FINAL}) AS f ON f.person_id = q.person_id
),
side AS (
    SELECT person_id, turn, arm_global AS side, mixed FROM (
        SELECT person_id, turn, arm_global,
            min(arm_global) OVER one <> max(arm_global) OVER one AS mixed,
            row_number() OVER (
                PARTITION BY person_id, turn ORDER BY qualified_at, decision_id
            ) AS place
        FROM known WHERE arm_global IS NOT NULL
        WINDOW one AS (PARTITION BY person_id, turn)
    ) AS drawn WHERE place = 1
),
whole AS (
    SELECT {{group}},
        coalesce(bool_or(contacted), false) AS contacted,
        bool_or(seen) AS seen,
        coalesce(bool_or(accepted), false) AS accepted,
        count(*) AS qualifications
    FROM known WHERE {{among}} GROUP BY {{group}}
),
ranked AS (
    SELECT k.decision_id, k.person_id, k.long_term, k.trigger, k.subject_id, k.qualified_at, k.until,
        {{turn}} AS turn, coalesce(k.until > {{ends}}, false) AS cut,
        {{arm}} AS arm, {{share}} AS share, k.band IS NOT NULL AS band, {{side}} AS side,
        coalesce(s.mixed, false)
            OR coalesce(min({{arm}}) OVER one <> max({{arm}}) OVER one, false) AS mixed,
        row_number() OVER (
            PARTITION BY {{partition}}
            ORDER BY ({{arm}}) IS NULL, k.qualified_at, k.decision_id
        ) AS place
    FROM known AS k LEFT JOIN side AS s ON s.person_id = k.person_id AND s.turn = k.turn
    WHERE {{among}}
    WINDOW one AS (PARTITION BY {{partition}})
)
SELECT r.* EXCLUDE (place, side, long_term), w.* EXCLUDE ({{group}}),
    r.arm IS NOT NULL AS randomised,
    coalesce(r.arm = 'treated', false) AS treated,
    coalesce(r.arm = 'held_out' OR r.side = 'held_out', false) AS held_out
FROM ranked AS r JOIN whole AS w USING ({{group}})
WHERE r.place = 1 ORDER BY r.trigger, r.qualified_at, r.decision_id
"""  # noqa: S608 - a fixed text of our own, run in memory

_OF_TRIGGER = {
    "group": "trigger, person_id",
    "partition": "k.trigger, k.person_id",
    "arm": "CASE WHEN s.side = 'treated' THEN k.arm_trigger END",
    "share": "k.share_trigger",
    "side": "s.side",
    "turn": "CAST(NULL AS VARCHAR)",
    "ends": "CAST(NULL AS TIMESTAMP)",
    "among": "true",
}
_OF_ALL = {
    "group": "person_id, turn",
    "partition": "k.person_id, k.turn",
    "arm": "k.arm_global",
    "share": "k.share_global",
    "side": "s.side",
    "turn": "k.turn",
    "ends": "k.turn_ends",
    "among": "arm_long_term IS DISTINCT FROM 'held_out'",
}
_OF_LONG_TERM = {
    "group": "person_id, long_term",
    "partition": "k.person_id, k.long_term",
    "arm": "k.arm_long_term",
    "share": "k.share_long_term",
    "side": "k.arm_long_term",
    "turn": "k.long_term",
    "ends": "k.long_term_ends",
    "among": "long_term IS NOT NULL AND arm_global IS NOT NULL",
}


def typed(qualifications: pa.Table, now: datetime) -> pa.Table:
    """Return qualifications up to `now` with exactly the columns of QUALIFICATIONS.

    Raises DefinitionError when a column that must be there is not.
    """
    have = qualifications.column_names
    if "until" not in have and "horizon" in have:
        ends = pc.add(qualifications["qualified_at"], qualifications["horizon"])
        qualifications = qualifications.append_column("until", ends)
    columns = {}
    for field in QUALIFICATIONS:
        if field.name in qualifications.column_names:
            columns[field.name] = qualifications[field.name].cast(field.type)
        elif field.nullable and field.name not in _NEEDED:
            columns[field.name] = pa.nulls(qualifications.num_rows, field.type)
        else:
            raise DefinitionError(f"qualifications lack the column {field.name!r}")
    table = pa.table(columns)
    return table.filter(pc.less_equal(table["qualified_at"], moment(now)))


def moment(now: datetime) -> pa.Scalar:
    """Return a moment as relations hold it: UTC without a zone."""
    return pa.scalar(now.astimezone(UTC).replace(tzinfo=None), TIME)


def first_of_trigger(engine: DuckEngine, qualifications: pa.Table, now: datetime) -> pa.Table:
    """Return each person's first qualification for each trigger, the units of a trigger's effect.

    Columns: decision_id, person_id (who they turned out to be), trigger, subject_id, qualified_at,
    until, turn (null), cut (false), arm, share, band (the condition did not hold: let in from below its threshold),
    randomised, treated, held_out (by either arm), mixed (identities on both sides were merged), contacted, seen and accepted (ever, for this trigger), qualifications. The
    first *randomised* one counts where there is one. Sorted by trigger and moment.
    """
    return engine.table(_FIRST.format(**_OF_TRIGGER), qualifications=typed(qualifications, now))


def first_of_all(engine: DuckEngine, qualifications: pa.Table, now: datetime) -> pa.Table:
    """Return each person's first qualification of all in each turn, the units of the global effect.

    The columns of `first_of_trigger`; `arm` is the global one and `trigger` the one that came first.
    Where the held-out never change there is one turn, `global`. `cut` is who can tell nothing, as the
    turn ended before the horizon. Without those in the long-term group, who are compared by themselves.
    """
    return engine.table(_FIRST.format(**_OF_ALL), qualifications=typed(qualifications, now))


def first_of_long_term(engine: DuckEngine, qualifications: pa.Table, now: datetime) -> pa.Table:
    """Return each person's first qualification since they were drawn for the long-term group.

    The columns of `first_of_all`; `arm` says whether they are in that group. Those who are not may
    have been held out for a turn meanwhile: what is compared is being left alone all the time.
    """
    return engine.table(_FIRST.format(**_OF_LONG_TERM), qualifications=typed(qualifications, now))
