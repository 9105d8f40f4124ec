"""How long contacts take by topic, and at which hours people answer our calls: told by the records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from engage.app.app import App
from engage.app.engines import over_history
from engage.decide.answering import BANDS, band_of
from engage.decide.credibility import credible
from engage.decide.minutes import USUAL, Learned
from engage.domain.interactions import INTERACTIONS
from engage.domain.people import PEOPLE
from engage.store import manifest, rows

MOST_TOPICS = 50
"""Of a queue's topics so many, the most frequent, are told apart; each plan carries them."""
_DIGITS = 4

_HANDLED = """
SELECT
    queue,
    coalesce(topic, '') AS topic,
    count(*) AS n,
    sum(round(talk_s + coalesce(wrap_s, 0)))::DOUBLE AS total,
    sum(round(talk_s + coalesce(wrap_s, 0)) ** 2)::DOUBLE AS squares
FROM interactions
WHERE queue IS NOT NULL AND talk_s > 0 AND NOT coalesce(abandoned, false)
    AND coalesce(handled_by, 'person') <> 'bot'
    AND ts >= (SELECT since FROM bounds) AND ts < (SELECT until FROM bounds)
    AND known_at <= (SELECT now FROM bounds)
GROUP BY ALL
ORDER BY queue, n DESC, topic
"""
_CALLED = """
WITH zones AS (
    SELECT person_id, arg_max(j_text(attributes, 'zone'), (us(valid_from), us(known_at))) AS zone
    FROM people
    WHERE known_at <= (SELECT now FROM bounds) AND valid_from <= (SELECT now FROM bounds)
    GROUP BY person_id
),
calls AS (
    SELECT
        local_ts(i.ts, coalesce(z.zone, (SELECT zone FROM bounds))) AS shown,
        CASE
            WHEN lower(i.disposition) IN (SELECT word FROM not_reached) THEN false
            WHEN i.talk_s IS NOT NULL THEN i.talk_s > 0
            WHEN i.disposition IS NOT NULL THEN true
        END AS reached
    FROM interactions AS i
    LEFT JOIN zones AS z ON z.person_id = i.person_id
    WHERE i.channel = 'call' AND i.initiated_by IN ('company', 'engine')
        AND coalesce(i.direction, 'outbound') = 'outbound'
        AND i.ts >= (SELECT since FROM bounds) AND i.ts < (SELECT until FROM bounds)
        AND i.known_at <= (SELECT now FROM bounds)
)
SELECT
    isodow(shown) - 1 AS weekday,
    hour(shown) AS hour,
    count(*) AS n,
    count(*) FILTER (WHERE reached) AS reached
FROM calls
WHERE shown IS NOT NULL AND reached IS NOT NULL
GROUP BY ALL
ORDER BY ALL
"""
_KEPT: dict[tuple[object, ...], Learned] = {}
"""What was learned until today, for as long as nothing else becomes known of it."""


def learned(app: App) -> Learned:
    """Return how long contacts take and when calls are answered, from those of before today.

    Only what was known by now counts. A call that the engine began comes back with the records of
    the contact centre, `initiated_by` engine; of its hour the person's own zone tells, else the project's.
    """
    now, asked = app.now(), app.settings.minutes
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with app.store.read() as tx:
        told = (
            *(manifest.watermark(tx, one) for one in (INTERACTIONS, PEOPLE)),
            *(rows.last_of(tx, one, today) for one in (INTERACTIONS, PEOPLE)),
        )
    key = (app.folder.resolve(), today, asked, *told)
    if (found := _KEPT.get(key)) is None:
        found = _learned(app, today, now)
        _KEPT.clear()
        _KEPT[key] = found
    return found


def _learned(app: App, today: datetime, now: datetime) -> Learned:
    asked = app.settings.minutes
    bounds = _bounds(today - timedelta(days=asked.learned_d), today, now, app.settings.project.zone)
    words = pa.table({"word": pa.array([one.lower() for one in asked.not_reached], pa.string())})
    relations = app.history.relations([INTERACTIONS.name, PEOPLE.name], now)
    with over_history(app, relations) as duck:
        handled = duck.table(_HANDLED, bounds=bounds).to_pandas()
        called = duck.table(_CALLED, bounds=bounds, not_reached=words).to_pandas()
    return Learned(
        {
            str(queue): _minutes(mine)
            for queue, mine in handled.groupby("queue")
            if mine["n"].sum() >= asked.fewest
        },
        _chances(called) if called["n"].sum() >= asked.fewest else {},
    )


def _minutes(mine: pd.DataFrame) -> dict[str, float]:
    """Return the minutes of a contact by topic, the queue's mean for all other topics."""
    figures = (mine[name].to_numpy(np.float64) for name in ("n", "total", "squares"))
    seconds, mean = credible(*figures)
    minutes = np.round(seconds / 60, _DIGITS).tolist()
    by_topic = dict(zip(mine["topic"].tolist(), minutes, strict=True))
    most = dict(list(by_topic.items())[:MOST_TOPICS])
    return {**most, USUAL: round(mean / 60, _DIGITS)}


def _chances(called: pd.DataFrame) -> dict[str, float]:
    """Return the chance of an answer in each band that was called in, and at any hour."""
    bands = band_of(called["weekday"].to_numpy(np.int64), called["hour"].to_numpy(np.int64))
    told = called.assign(band=bands).groupby("band")[["n", "reached"]].sum()
    n, reached = (told[name].to_numpy(np.float64) for name in ("n", "reached"))
    chances, mean = credible(n, reached, reached)
    if mean <= 0:
        return {}
    names = [BANDS[one] for one in told.index.tolist()]
    rounded = np.round(chances, _DIGITS).tolist()
    return {**dict(zip(names, rounded, strict=True)), USUAL: round(mean, _DIGITS)}


def _bounds(since: datetime, until: datetime, now: datetime, zone: str) -> pa.Table:
    kind = pa.timestamp("us")
    told = {"since": since, "until": until, "now": now}
    times = {name: pa.array([at.replace(tzinfo=None)], kind) for name, at in told.items()}
    return pa.table({**times, "zone": pa.array([zone], pa.string())})
