"""Of people whom we might have approached, those left alone are made to stand for all of them.

Whoever comes back with a matter that is still open is somebody a trigger fires for, and then often
approached; what would have become of them is not known, and they are left out (the view `approached`).
Among those who remain, people who had nothing to come back with are too many. Each row that was left
alone by chance therefore counts as 1 / P(left alone): here by keeping rows with a probability in
proportion to that, so that every figure afterwards is one of plain rows (rejection sampling; the
weights are those of Robins, Rotnitzky and Zhao 1994).
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.features import identity, views
from engage.features.engines.duckdb import DuckEngine
from engage.features.schema import TIME

CHANCES = pa.schema(
    [
        ("person_id", pa.string()),
        ("trigger", pa.string()),
        ("decided_at", TIME),
        ("chance", pa.float64()),
        ("share_global", pa.float64()),
        ("share_trigger", pa.float64()),
    ]
)
"""One row a decision: `chance` of none given that the person is treated, and the held-out shares."""

LEAST = 0.2
"""A row that was left alone by a smaller chance counts as if it had been this."""

_CHANCE = f"""
WITH final AS ({identity.FINAL}),
drawn AS (
    SELECT coalesce(f.canonical_id, c.person_id) AS person_id, c.trigger, c.decided_at, c.chance,
        c.share_global, c.share_trigger
    FROM chances AS c LEFT JOIN final AS f ON f.person_id = c.person_id
),
asked AS (
    SELECT r.place, r.as_of, coalesce(f.canonical_id, r.person_id) AS person_id
    FROM rows AS r LEFT JOIN final AS f ON f.person_id = r.person_id
),
of_trigger AS (
    SELECT a.place, d.trigger, coalesce(max(d.share_global), 0) AS held,
        coalesce(max(d.share_trigger), 0) AS apart, product(d.chance) AS chance
    FROM asked AS a
    JOIN drawn AS d ON d.person_id = a.person_id
        AND us(d.decided_at) <= us(a.as_of) + {{horizon}}
        AND us(d.decided_at) > us(a.as_of) - {{horizon}}
    GROUP BY a.place, d.trigger
),
of_all AS (
    SELECT place, max(held) AS held, product(apart + (1 - apart) * chance) AS chance
    FROM of_trigger GROUP BY place
)
SELECT a.place, round(coalesce(o.held + (1 - o.held) * o.chance, 1), 9) AS chance,
    us(a.as_of) + {{horizon}} >= (SELECT min(us(decided_at)) FROM chances) AS live,
    CAST('0x' || substr(md5('alone {{seed}} ' || r.subject_id || us(r.as_of)), 1, 8) AS BIGINT)
        / 4294967296.0 AS draw
FROM asked AS a JOIN rows AS r ON r.place = a.place LEFT JOIN of_all AS o ON o.place = a.place
ORDER BY a.place
"""


def is_about_the_left_alone(label: str) -> bool:
    """Return whether a label query leaves out people whom we approached."""
    return "approached" in views.needed(label)


def standing_for_all(
    engine: DuckEngine, labelled: pa.Table, chances: pa.Table, horizon: timedelta, *, seed: int
) -> pa.Table:
    """Return labelled rows (subject_id, person_id, as_of, label) with some labels taken as unknown.

    A row of before the first decision stays, and so does each later one with the probability
    c / P(left alone within one horizon before and after), where c is the smallest of those. `chances`
    has the columns of CHANCES, of every decision. Which rows stay depends on them and the seed alone.
    """
    if not chances.num_rows or not labelled.num_rows:
        return labelled
    known = np.isfinite(np.asarray(labelled["label"].to_numpy(), np.float64))
    found = _asked(engine, labelled, chances, horizon, seed)
    chance, live, draw = (found[name].to_numpy() for name in ("chance", "live", "draw"))
    asked = known & live.astype(np.bool_)
    if not asked.any():
        return labelled
    chance = np.maximum(chance, LEAST)
    stays = ~asked | (draw < chance[asked].min() / chance)
    label = pc.if_else(pa.array(stays), labelled["label"], pa.scalar(None, pa.float64()))
    return labelled.set_column(labelled.schema.get_field_index("label"), "label", label)


def _asked(
    engine: DuckEngine, labelled: pa.Table, chances: pa.Table, horizon: timedelta, seed: int
) -> pa.Table:
    places: NDArray[np.int64] = np.arange(labelled.num_rows)
    query = _CHANCE.format(horizon=horizon // timedelta(microseconds=1), seed=int(seed))
    rows = labelled.drop_columns(["label"]).append_column("place", pa.array(places))
    return engine.table(query, rows=rows, chances=chances.select(CHANCES.names).cast(CHANCES))
