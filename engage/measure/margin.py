"""What each person really brought in after qualifying: the money figure that counts first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engage.features.engines.duckdb import DuckEngine
from engage.measure.attribution import moment
from engage.measure.reached import placed

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

WINDOWS_D = (90, 180, 365)
TO_DATE = "to date"

_MARGIN = """
SELECT u.place,
    coalesce(sum(t.margin_minor) FILTER (WHERE us(t.ts) <= us(u.qualified_at)), 0) AS before,
    {windows},
    coalesce(sum(t.margin_minor) FILTER (WHERE us(t.ts) > us(u.qualified_at)), 0) AS to_date
FROM units AS u
LEFT JOIN transactions AS t
    ON t.person_id = u.person_id AND t.known_at <= u.now AND t.ts <= u.now
    AND t.ts > u.qualified_at - INTERVAL '365' DAY
GROUP BY u.place ORDER BY u.place
"""
_WINDOW = """coalesce(sum(t.margin_minor) FILTER (
        WHERE t.ts > u.qualified_at AND t.ts <= u.qualified_at + INTERVAL '{days}' DAY
    ), 0) AS within_{days}"""
_SQL = _MARGIN.format(windows=",\n    ".join(_WINDOW.format(days=days) for days in WINDOWS_D))


@dataclass(frozen=True, slots=True)
class Window:
    """Margin per person over a span from qualifying, in minor units."""

    name: str
    """90 d, 180 d, 365 d, or `to date`: each person's span so far, of any length."""
    ripe: Mask
    margin: Floats


@dataclass(frozen=True, slots=True)
class Margins:
    """Realised margin per unit over each window."""

    before: Floats
    """Of the year before qualifying; what no offer could change, and so what explains spread."""
    windows: tuple[Window, ...]


def realised(engine: DuckEngine, units: pa.Table, now: datetime) -> Margins:
    """Return the margin booked for each unit: 90, 180 and 365 days from qualifying, and so far.

    Bookings known by `now`. A window counts where it has passed; `to date` is ripe for everybody
    and is a label of its own: spans differ between people, alike on both sides.
    """
    found = engine.table(_SQL, units=placed(units, now))
    by = np.datetime64(moment(now).as_py(), "us")
    qualified = units["qualified_at"].to_numpy()
    windows = [
        Window(
            f"{days} d",
            np.asarray(qualified + np.timedelta64(timedelta(days=days)) <= by, np.bool_),
            _floats(found, f"within_{days}"),
        )
        for days in WINDOWS_D
    ]
    so_far = Window(TO_DATE, np.ones(units.num_rows, np.bool_), _floats(found, "to_date"))
    return Margins(_floats(found, "before"), (*windows, so_far))


def _floats(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].cast(pa.float64(), safe=False).to_numpy(), np.float64)
