"""What a person has had from us lately: real contacts and ghosts alike, in rolling windows.

A ghost counts like the contact it stands for, so that the held out run into the same caps as
the treated. A contact that is only planned counts too; one that was given back does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide.frequency import COUNTED, FAMILY
from engage.decide.known import Frames, each, rows_of
from engage.domain.actions import Action, ContactClass

WINDOWS = {
    "24h": np.timedelta64(24, "h"),
    "7d": np.timedelta64(7, "D"),
    "30d": np.timedelta64(30, "D"),
}
_LEDGER = ("person_id", "subject_id", "channel", "class", "at", "rest_until")
_RETURNED = "returned"
_LIFE = Action("", "").life
"""How long a ghost stays open when nobody says how long its action lives."""


def budget(index: pd.Index[Any], frames: Frames, now: np.datetime64) -> dict[str, Any]:
    """Return the counts that the caps are held against, and until when somebody rests."""
    had = _had(frames)
    asked = had["class"] == ContactClass.REQUESTED
    outreach, requested = had[~asked], had[asked]
    counts: dict[str, Any] = {}
    for column in COUNTED:
        family, window = column.split("_")
        mine = outreach[outreach["family"] == family]
        counts[column] = _since(index, mine, now - WINDOWS[window])
    for window in ("24h", "30d"):
        counts[f"all_{window}"] = _since(index, outreach, now - WINDOWS[window])
    dials = requested[requested["family"] == "call"]
    counts["requested_dials_24h"] = _since(index, dials, now - WINDOWS["24h"])
    counts["by_subject"] = _by_subject(index, outreach, requested)
    counts["rest_until"] = _rest(index, had)
    return counts


def _had(frames: Frames) -> pd.DataFrame:
    """Return contacts and ghosts, with the family of channels they draw on."""
    contacts = rows_of(frames, "contacts", *_LEDGER, "state")
    real = contacts.loc[contacts["state"] != _RETURNED, list(_LEDGER)]
    ghosts = rows_of(frames, "ghosts", *_LEDGER)[list(_LEDGER)]
    kinds = {"at": "datetime64[us]", "rest_until": "datetime64[us]", "channel": "object"}
    had = pd.concat([real.astype(kinds), ghosts.astype(kinds)], ignore_index=True)
    family = [FAMILY.get(channel, str(channel or "")) for channel in had["channel"]]
    counted: pd.DataFrame = had.assign(family=family).loc[np.asarray(family, object) != ""]
    return counted


def _since(index: pd.Index[Any], had: pd.DataFrame, start: np.datetime64) -> npt.NDArray[np.int64]:
    counts = had.loc[had["at"] > start, "person_id"].value_counts()
    return counts.reindex(index, fill_value=0).to_numpy().astype(np.int64)


def _by_subject(
    index: pd.Index[Any], outreach: pd.DataFrame, requested: pd.DataFrame
) -> npt.NDArray[np.object_]:
    """Return {(kind, subject): n} for people who have any; None for all others.

    Kinds: `chat` offers in one visit, `requested` messages for one request.
    """
    heard: dict[str, dict[tuple[str, str], int]] = {}
    kinds = {
        "chat": outreach[outreach["family"] == "chat"],
        "requested": requested[requested["family"] != "call"],
    }
    for kind, rows in kinds.items():
        for person, subject in each(rows, "person_id", "subject_id"):
            mine = heard.setdefault(person, {})
            mine[kind, subject] = mine.get((kind, subject), 0) + 1
    found = np.empty(len(index), object)
    found[:] = [heard.get(person) for person in index.tolist()]
    return found


def _rest(index: pd.Index[Any], had: pd.DataFrame) -> pd.Series[Any]:
    last = had.groupby("person_id")["rest_until"].max()
    return last.reindex(index).astype("datetime64[us]")


def open_ghosts(
    frames: Frames, now: np.datetime64, lives: Mapping[str, timedelta]
) -> pd.Series[Any]:
    """Return the held out whose ghost would still be open: planned, or within its life."""
    ghosts = rows_of(frames, "ghosts", "person_id", "action", "channel", "class", "at")
    lasting = [lives.get(action, _LIFE) for action in ghosts["action"]]
    until = ghosts["at"].astype("datetime64[us]") + pd.to_timedelta(
        pd.Series(lasting, index=ghosts.index, dtype="timedelta64[us]")
    )
    counts = (ghosts["channel"] != "") & (ghosts["class"] != ContactClass.REQUESTED)
    return ghosts.loc[counts & (until > now), "person_id"]
