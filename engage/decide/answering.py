"""How likely somebody answers our call, by the hour that their clock shows when it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide.board import Board, Numbers, Whole
from engage.decide.capacity import Fit, Slots
from engage.decide.hours import zone_of
from engage.decide.minutes import USUAL, Learned, dials
from engage.decide.quiet_hours import Groups

WIDTH = 2
"""Hours that are told apart."""
BANDS = tuple(
    f"{days} {hour:02d}-{hour + WIDTH:02d}"
    for days in ("weekday", "weekend")
    for hour in range(0, 24, WIDTH)
)
_DIGITS = 4
_SATURDAY = 5


def band(moments: Whole, zone: ZoneInfo) -> npt.NDArray[np.intp]:
    """Return (k,) the band in which each moment, in microseconds UTC, lies by a zone's clock."""
    local = pd.DatetimeIndex(moments.astype("datetime64[us]"), tz="UTC").tz_convert(zone)
    return band_of(np.asarray(local.day_of_week, np.int64), np.asarray(local.hour, np.int64))


def band_of(weekday: Whole, hour: Whole) -> npt.NDArray[np.intp]:
    """Return (k,) the band of an hour of a day of the week, 0 being Monday."""
    weekend = (weekday >= _SATURDAY).astype(np.intp)
    return np.asarray(weekend * (24 // WIDTH) + hour // WIDTH, np.intp)


@dataclass(frozen=True)
class Hours:
    """At which hours the call of each action would be made, in shares."""

    code: npt.NDArray[np.intp]
    """(n, a) which row of `shares`; -1 where nobody is called, or the hour does not count."""
    shares: Numbers
    """(m, b) the share of each band, to four digits."""

    @staticmethod
    def none(n: int, a: int) -> Hours:
        """Return hours that count for nobody."""
        return Hours(np.full((n, a), -1, np.intp), np.zeros((0, len(BANDS))))

    @staticmethod
    def logged(rows: Sequence[Mapping[str, Mapping[str, float]]], actions: Sequence[str]) -> Hours:
        """Return the hours as decisions logged them: of each, {action: {band: share}}."""
        code = np.full((len(rows), len(actions)), -1, np.intp)
        shares: list[list[float]] = []
        for row, told in enumerate(rows):
            for column, name in enumerate(actions):
                if name in told:
                    code[row, column] = len(shares)
                    shares.append([told[name].get(one, 0.0) for one in BANDS])
        return Hours(code, np.asarray(shares, np.float64).reshape(len(shares), len(BANDS)))

    def chance(self, learned: Learned) -> Numbers:
        """Return (n, a) the chance that the call is answered; NaN where that does not count."""
        each = np.zeros(len(self.shares))
        usual = learned.reached.get(USUAL, np.nan)
        # Added up band by band, not as a product of matrices: the last bit must not depend on size.
        for column, name in enumerate(BANDS):
            each += self.shares[:, column] * learned.reached.get(name, usual)
        whole = self.shares.sum(axis=1)
        each = np.round(each / np.where(whole > 0, whole, 1.0), _DIGITS)
        return np.append(each, np.nan)[self.code]

    def told(self, row: int, column: int) -> dict[str, float]:
        """Return the share of each band that one call may lie in, to be logged."""
        code = self.code[row, column]
        shares = self.shares[code] if code >= 0 else np.zeros(len(BANDS))
        return {BANDS[one]: float(shares[one]) for one in np.flatnonzero(shares)}

    def at(self, rows: npt.NDArray[np.intp]) -> Hours:
        """Return the hours of some candidates."""
        return Hours(self.code[rows], self.shares)


def hours(board: Board, found: Groups, fits: Mapping[int, Fit], learned: Learned) -> Hours:
    """Return at which hours each candidate would be called: now, or in the slots that suit them.

    Slots count by their places left, as the one to keep is drawn. Of somebody who may be in several
    zones each counts alike.
    """
    made = Hours.none(board.n, len(board.actions))
    if not learned.reached:
        return made
    rows: list[Numbers] = []
    zones = [_zones(one) for one in _of_groups(board, found)]
    for column, action in enumerate(board.actions):
        if not dials(action):
            continue
        if column in fits:
            code, shares = _in_slots(fits[column], zones)
        else:
            code, shares = found.code, np.stack([_now(board, one) for one in zones])
        known = shares.sum(axis=1) > 0
        made.code[:, column] = np.where(known[code], code + sum(map(len, rows)), -1)
        rows.append(np.round(shares, _DIGITS))
    return Hours(made.code, np.concatenate(rows)) if rows else made


def _of_groups(board: Board, found: Groups) -> list[tuple[str, ...]]:
    """Return the zones that those of each group may be in."""
    first = np.zeros(len(found.open), np.intp)
    first[found.code[::-1]] = np.arange(board.n)[::-1]
    return list(board.person("zones")[first])


def _zones(names: tuple[str, ...]) -> list[ZoneInfo]:
    return [zone for zone in map(zone_of, names) if zone is not None]


def _now(board: Board, zones: list[ZoneInfo]) -> Numbers:
    now = np.asarray([board.now.astype(np.int64)])
    return np.asarray(_placed(now, np.ones(1), zones)[0])


def _placed(moments: Whole, weight: Numbers, zones: list[ZoneInfo]) -> Numbers:
    """Return (k, b) the weight of each moment in the bands in which it lies, zone by zone."""
    placed = np.zeros((len(moments), len(BANDS)))
    for zone in zones:
        placed[np.arange(len(moments)), band(moments, zone)] += weight / len(zones)
    return placed


def _in_slots(fit: Fit, zones: Sequence[list[ZoneInfo]]) -> tuple[npt.NDArray[np.intp], Numbers]:
    """Return which row of the shares each candidate has, and the shares of these rows."""
    most = max((len(one.ids) for one in fit.slots), default=0) + 1
    key = fit.code * most + fit.count
    distinct, code = np.unique(key, return_inverse=True)
    shares = np.zeros((len(distinct), len(BANDS)))
    group, count = np.divmod(distinct, most)
    for one in np.unique(group).tolist():
        so_far = np.cumsum(_weights(fit.slots[one], zones[one]), axis=0)
        mine = (group == one) & (count > 0)
        until = so_far[count[mine] - 1]
        whole = until.sum(axis=1, keepdims=True)
        shares[mine] = until / np.where(whole > 0, whole, 1.0)
    return code.astype(np.intp), shares


def _weights(slots: Slots, zones: list[ZoneInfo]) -> Numbers:
    return _placed(slots.starts, slots.free.astype(np.float64), zones)
