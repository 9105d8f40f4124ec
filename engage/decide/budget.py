"""What a person has had from us lately: real contacts and ghosts alike, in rolling windows.

A ghost counts like the contact it stands for, so that the held out run into the same caps as
the treated. A contact that is only planned counts too; one that was given back does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from engage.decide.frequency import COUNTED, FAMILY
from engage.decide.known import Flags, Known, Moments, Places
from engage.domain.actions import Action, ContactClass

WINDOWS = {
    "24h": np.timedelta64(24, "h"),
    "7d": np.timedelta64(7, "D"),
    "30d": np.timedelta64(30, "D"),
}
_RETURNED = "returned"
_LIFE = Action("", "").life
"""How long a ghost stays open when nobody says how long its action lives."""


@dataclass(frozen=True)
class Had:
    """Every contact and ghost of the people asked about, one entry each."""

    place: Places
    subject: npt.NDArray[np.object_]
    family: npt.NDArray[np.object_]
    """Of channels that share a budget; "" for a ghost of nothing."""
    requested: Flags
    at: Moments
    rest_until: Moments

    def count(self, n: int, which: Flags, since: np.datetime64) -> npt.NDArray[np.int64]:
        """Return (n,) how many of these each person had after a moment."""
        return np.bincount(self.place[which & (self.at > since)], minlength=n).astype(np.int64)


def budget(known: Known, now: np.datetime64) -> dict[str, Any]:
    """Return the counts that the caps are held against, and until when somebody rests."""
    had, n = _had(known), len(known.people)
    outreach = ~had.requested & (had.family != "")
    counts: dict[str, Any] = {}
    for column in COUNTED:
        family, window = column.split("_")
        counts[column] = had.count(n, outreach & (had.family == family), now - WINDOWS[window])
    for window in ("24h", "30d"):
        counts[f"all_{window}"] = had.count(n, outreach, now - WINDOWS[window])
    dials = had.requested & (had.family == "call")
    counts["requested_dials_24h"] = had.count(n, dials, now - WINDOWS["24h"])
    counts["by_subject"] = _by_subject(had, n)
    counts["rest_until"] = _rest(had, n)
    return counts


def _had(known: Known) -> Had:
    parts = []
    for name in ("contacts", "ghosts"):
        rows = known.rows(name)
        family = [FAMILY.get(channel, channel) for channel in rows.objects("channel").tolist()]
        parts.append(
            (
                rows.place,
                rows.objects("subject_id"),
                np.asarray([*family, None], object)[:-1],
                rows.objects("class") == ContactClass.REQUESTED,
                rows.times("at"),
                rows.times("rest_until"),
                rows.objects("state") != _RETURNED,
            )
        )
    columns = [np.concatenate(pair) for pair in zip(*parts, strict=True)]
    kept = columns.pop()
    return Had(*(column[kept] for column in columns))


def _by_subject(had: Had, n: int) -> npt.NDArray[np.object_]:
    """Return {(kind, subject): n} for people who have any; None for all others.

    Kinds: `chat` offers in one visit, `requested` messages for one request.
    """
    heard = np.full(n, None, object)
    kinds = {
        "chat": ~had.requested & (had.family == "chat"),
        "requested": had.requested & (had.family != "call"),
    }
    for kind, which in kinds.items():
        for person, subject in zip(had.place[which], had.subject[which], strict=True):
            mine = heard[person] = heard[person] or {}
            mine[kind, subject] = mine.get((kind, subject), 0) + 1
    return heard


def _rest(had: Had, n: int) -> Moments:
    """Return (n,) the latest moment until which each person rests; NaT, the least of all, if none."""
    until = np.full(n, "NaT", "datetime64[us]").view(np.int64)
    np.maximum.at(until, had.place, had.rest_until.view(np.int64))
    return until.view("datetime64[us]")


def open_ghosts(known: Known, now: np.datetime64, lives: Mapping[str, timedelta]) -> Places:
    """Return the held out whose ghost would still be open: planned, or within its life."""
    ghosts = known.rows("ghosts")
    lasting = [np.timedelta64(lives.get(one, _LIFE)) for one in ghosts.objects("action").tolist()]
    until = ghosts.times("at") + np.asarray(lasting, "timedelta64[us]")
    offer = ghosts.objects("channel") != ""
    outreach = ghosts.objects("class") != ContactClass.REQUESTED
    opened: Places = ghosts.place[offer & outreach & (until > now)]
    return opened
