"""How many agents a queue has at a time: by the roster where there is one, else by the settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide.hours import MINUTE

Moments = npt.NDArray[np.int64]
"""Microseconds since 1970 UTC."""

_QUARTER = 15 * MINUTE
"""Local days begin at a quarter of a UTC hour, whatever the zone."""


@dataclass(frozen=True)
class Pieces:
    """A stretch of time in pieces in each of which one and the same is said."""

    edges: Moments
    """Where the pieces begin, and where the last one ends."""
    ruled: npt.NDArray[np.bool_]
    """Whether the roster rules in a piece; nobody works there of whom it says nothing."""
    agents: npt.NDArray[np.float64]
    """By the roster; 0 where it does not rule."""
    known: str
    """When the newest word was known that this follows; empty where no roster rules."""

    def open_for(self, spans: Iterable[tuple[int, int]]) -> Moments:
        """Return how many microseconds of each piece lie within these spans."""
        found = np.zeros(len(self.edges) - 1, np.int64)
        for first, last in spans:
            begun, ended = np.maximum(self.edges[:-1], first), np.minimum(self.edges[1:], last)
            found += np.maximum(ended - begun, 0)
        return found


def by_roster(roster: pd.DataFrame, zone: ZoneInfo, start: int, end: int) -> Pieces:
    """Return what a queue's roster says of the time between two moments, in microseconds.

    `roster`: one queue's rows, starts_at, ends_at, agents, again_at and known_at, every version.
    What was known last holds. A row with `again_at` is for that hour, too, unless a row that was
    known then or later names it. On a local day on which a row begins the roster rules from
    midnight to midnight, on others just for as long as its rows last.
    """
    rows = _in_order(roster)
    begins, ends = _micros(rows["starts_at"]), _micros(rows["ends_at"])
    grid = np.append(np.arange(start, end, _QUARTER), end)
    edges = np.unique(np.clip(np.concatenate([grid, begins, ends]), start, end))
    first, last = np.searchsorted(edges, begins), np.searchsorted(edges, ends)
    lasting = np.maximum(last - first, 0)
    row = np.repeat(np.arange(len(rows)), lasting)
    piece = np.arange(len(row)) - np.repeat(np.cumsum(lasting) - lasting - first, lasting)
    inside = piece < len(edges) - 1
    newest = np.full(len(edges) - 1, -1)
    np.maximum.at(newest, piece[inside], row[inside])
    says = newest >= 0
    ruled = says | np.isin(_days(edges[:-1], zone), _days(begins, zone))
    agents = np.where(says, rows["agents"].to_numpy(np.float64)[newest] if len(rows) else 0.0, 0.0)
    known = rows["known_at"].iloc[newest[says]].max() if says.any() else None
    return Pieces(edges, ruled, agents, "" if known is None else str(known))


def _in_order(roster: pd.DataFrame) -> pd.DataFrame:
    """Return the rows, and those of the second hour that they stand for, the last word last."""
    if roster.empty:
        return roster
    again = roster[roster["again_at"].notna()]
    lasting = again["ends_at"] - again["starts_at"]
    again = again.assign(starts_at=again["again_at"], ends_at=again["again_at"] + lasting)
    both = pd.concat([again.assign(said=False), roster.assign(said=True)])
    return both.sort_values(["known_at", "said", "starts_at"], kind="stable")


def _micros(times: pd.Series[pd.Timestamp]) -> Moments:
    return times.to_numpy().astype("datetime64[us]").astype(np.int64)


def _days(moments: Moments, zone: ZoneInfo) -> npt.NDArray[np.datetime64]:
    """Return the local day that each moment lies in."""
    local = pd.DatetimeIndex(moments.astype("datetime64[us]"), tz="UTC").tz_convert(zone)
    return local.tz_localize(None).normalize().to_numpy()
