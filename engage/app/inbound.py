"""What is foreseen of the contacts that come in by themselves, from those that were recorded."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from engage.app.app import App
from engage.app.engines import over_history
from engage.decide.arrivals import REACH, foresee
from engage.decide.erlang import Service
from engage.decide.holidays import closed_days
from engage.decide.hours import DAY, day_number
from engage.decide.inbound import Days
from engage.decide.plan import Inbound
from engage.domain.interactions import INTERACTIONS
from engage.features.engines.warm import warm
from engage.features.schema import SUBJECTS
from engage.store import manifest, rows

FEWEST_ANSWERED = 30
FEWEST_ABANDONED = 20
_RECENT = 28 * DAY
"""How long contacts take and callers wait is told by those of four weeks."""

_COUNTED = """
SELECT
    queue,
    us(ts) // 1800000000 * 1800000000 AS at,
    count(*) AS contacts,
    count(*) FILTER (WHERE NOT coalesce(abandoned, false) AND talk_s IS NOT NULL) AS answered,
    sum(round(talk_s + coalesce(wrap_s, 0)))
        FILTER (WHERE NOT coalesce(abandoned, false))::BIGINT AS handled_s,
    sum(round(wait_s))::BIGINT AS waited_s,
    count(*) FILTER (WHERE abandoned AND wait_s IS NOT NULL) AS abandoned
FROM interactions
WHERE queue IS NOT NULL AND initiated_by = 'customer' AND channel <> 'branch'
    AND coalesce(direction, 'inbound') = 'inbound' AND coalesce(handled_by, 'person') <> 'bot'
    {more}
GROUP BY ALL
ORDER BY ALL
"""
_OF_TODAY = _COUNTED.format(more="")
_BEFORE = _COUNTED.format(
    more="""
    AND ts >= (SELECT since FROM bounds) AND ts < (SELECT until FROM bounds)
    AND known_at <= (SELECT now FROM bounds)"""
)
_KEPT: dict[tuple[object, ...], pd.DataFrame] = {}
"""What happened until today, for as long as nothing else becomes known of it."""


def foreseen(app: App, starts: Days) -> dict[str, Inbound]:
    """Return what each queue must answer in these half hours, where enough was recorded to tell."""
    counted = _recorded(app)
    found = {}
    for name, queue in app.settings.queues.items():
        mine = counted[counted["queue"] == name]
        zone = ZoneInfo(queue.zone or app.settings.project.zone)
        ahead = foresee(
            mine["at"].to_numpy(np.int64),
            mine["contacts"].to_numpy(np.float64),
            zone,
            starts,
            _closed(app, starts),
        )
        if ahead is not None:
            told = _told(mine[mine["at"] >= starts[0] - _RECENT], queue)
            service = Service(target=queue.service_level, within_s=queue.answer_s, **told)
            found[name] = Inbound(ahead, service)
    return found


def _told(recent: pd.DataFrame, queue: Any) -> dict[str, float]:
    """Return how long contacts take and callers wait, as recorded; else as the settings have it.

    Patience: all seconds waited over all who gave up, the estimate of an exponential variable that
    is cut off by the answer.
    """
    answered, abandoned = int(recent["answered"].sum()), int(recent["abandoned"].sum())
    handled, waited = float(recent["handled_s"].sum()), float(recent["waited_s"].sum())
    return {
        "handle_s": handled / answered
        if answered >= FEWEST_ANSWERED and handled > 0
        else 60 * queue.handle_min,
        "patience_s": waited / abandoned
        if abandoned >= FEWEST_ABANDONED and waited > 0
        else queue.patience_s,
    }


def _closed(app: App, starts: Days) -> frozenset[int]:
    project = app.settings.project
    first = datetime.fromtimestamp((int(starts[0]) - REACH) / 1_000_000, UTC).year
    last = datetime.fromtimestamp(int(starts[-1]) / 1_000_000, UTC).year
    known = (closed_days(project.country, year) for year in range(first, last + 1))
    own = (day_number(date.fromisoformat(one)) for one in project.holidays)
    return frozenset(own).union(*known)


def _recorded(app: App) -> pd.DataFrame:
    """Return contacts by queue and UTC half hour, what is from before today kept for the day."""
    now = app.now()
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with app.store.read() as tx:
        told = manifest.watermark(tx, INTERACTIONS), rows.last_of(tx, INTERACTIONS, today)
        fresh = rows.read(tx, INTERACTIONS, since=today, until=now)
    key = (app.folder.resolve(), today, *told)
    if (before := _KEPT.get(key)) is None:
        since = today - timedelta(microseconds=REACH)
        with over_history(app, app.history.relations([INTERACTIONS.name], now)) as duck:
            before = _frame(duck.table(_BEFORE, bounds=_bounds(since, today, now)))
        if len(before):
            _KEPT.clear()
            _KEPT[key] = before
    return pd.concat([before, _of_today(fresh, now)], ignore_index=True)


def _of_today(fresh: pa.Table, now: datetime) -> pd.DataFrame:
    known = pc.less_equal(
        fresh["known_at"], pa.scalar(now.replace(tzinfo=None), pa.timestamp("us"))
    )
    with warm({INTERACTIONS.name: fresh.filter(known)}) as kept:
        return _frame(kept.table(_OF_TODAY, subjects=SUBJECTS.empty_table()))


def _frame(counted: pa.Table) -> pd.DataFrame:
    found: pd.DataFrame = counted.to_pandas()
    return found


def _bounds(since: datetime, until: datetime, now: datetime) -> pa.Table:
    kind = pa.timestamp("us")
    told = {"since": since, "until": until, "now": now}
    return pa.table({name: pa.array([at.replace(tzinfo=None)], kind) for name, at in told.items()})
