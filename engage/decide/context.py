"""What is known about each person when deciding: reach, consent, place, budget, open offers, arms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from engage.decide.board import naive
from engage.decide.budget import budget, open_ghosts
from engage.decide.known import Frames, rows_of
from engage.decide.whereabouts import whereabouts
from engage.domain.actions import ContactClass
from engage.domain.assignments import GLOBAL


def build(
    person_ids: Sequence[str],
    now: datetime,
    tables: Mapping[str, pa.Table],
    purposes: Collection[str],
    lives: Mapping[str, timedelta] | None = None,
) -> pd.DataFrame:
    """Return one row for each person, indexed by person_id, with all that the gates ask.

    `tables` is what the store's `context.read` returns. Columns: country, region, places, zones
    (tuples: contact must be allowed in all of them), has_phone, has_email, suppressed, excluded,
    must_serve, gpc, open_action, rest_until, the counts of the contact budget (real contacts and
    ghosts alike), consent:PURPOSE (when it was given, NaT if not or taken back), arm_global and
    arm:TRIGGER (where stored). `lives` says how long an offer of an action stays open, for ghosts.
    """
    at = naive(now)
    frames = {name: table.to_pandas() for name, table in tables.items()}
    index = pd.Index(list(dict.fromkeys(person_ids)), name="person_id", dtype="str")
    return pd.DataFrame(
        {
            **whereabouts(index, frames),
            **_reach(index, frames),
            **_standing(index, frames),
            **_open(index, frames, at, lives or {}),
            **budget(index, frames, at),
            **_consents(index, frames, purposes),
            **_arms(index, frames),
        },
        index=index,
    )


def _has(index: pd.Index[Any], people: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    asked = pa.array(index, pa.string())
    return np.asarray(pc.is_in(asked, value_set=pa.array(people, pa.string())))


def _reach(index: pd.Index[Any], frames: Frames) -> dict[str, Any]:
    points = rows_of(frames, "contact_points", "person_id", "kind")
    return {
        f"has_{kind}": _has(index, points.loc[points["kind"] == kind, "person_id"])
        for kind in ("phone", "email")
    }


def _standing(index: pd.Index[Any], frames: Frames) -> dict[str, Any]:
    """Return who is suppressed, excluded, or on a list that says they must be served.

    Whoever stands on two lists is excluded when one of them says so.
    """
    listed = rows_of(frames, "exclusions", "person_id", "must_serve")
    serve = listed["must_serve"].fillna(False).astype(bool)
    excluded = _has(index, listed.loc[~serve, "person_id"])
    return {
        "suppressed": _has(index, rows_of(frames, "suppressions", "person_id")["person_id"]),
        "excluded": excluded,
        "must_serve": _has(index, listed.loc[serve, "person_id"]) & ~excluded,
    }


def _open(
    index: pd.Index[Any],
    frames: Frames,
    now: np.datetime64,
    lives: Mapping[str, timedelta],
) -> dict[str, Any]:
    """Return who has an offer or a promised call-back open; messages they asked for are none."""
    offers = rows_of(frames, "open_actions", "person_id", "kind", "class")
    asked = (offers["kind"] == "message") & (offers["class"] == ContactClass.REQUESTED)
    offers = offers[~asked]
    ghosts = open_ghosts(frames, now, lives)
    return {"open_action": _has(index, offers["person_id"]) | _has(index, ghosts)}


def _consents(
    index: pd.Index[Any], frames: Frames, purposes: Collection[str]
) -> dict[str, pd.Series[Any]]:
    """Return when the consent in force was given; the latest word counts, a no before a yes."""
    said = rows_of(frames, "consents", "person_id", "purpose", "at", "granted")
    said = said.assign(granted=said["granted"].astype(bool))
    ordered = said.sort_values(["at", "granted"], ascending=[True, False], kind="stable")
    last = ordered.drop_duplicates(["person_id", "purpose"], keep="last")
    given = last[last["granted"]]
    return {
        f"consent:{purpose}": _times(
            index, given[given["purpose"] == purpose].set_index("person_id")["at"]
        )
        for purpose in sorted(purposes)
    }


def _times(index: pd.Index[Any], known: pd.Series[Any]) -> pd.Series[Any]:
    return known.reindex(index).astype("datetime64[us]")


def _arms(index: pd.Index[Any], frames: Frames) -> dict[str, pd.Series[Any]]:
    """Return the stored arms, a column for each scope that somebody has one in."""
    stored = rows_of(frames, "assignments", "person_id", "scope", "arm")
    scopes = {GLOBAL, *stored["scope"].unique()}
    return {
        "arm_global" if scope == GLOBAL else f"arm:{scope}": stored[stored["scope"] == scope]
        .set_index("person_id")["arm"]
        .reindex(index)
        .astype("object")
        for scope in sorted(scopes)
    }
