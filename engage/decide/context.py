"""What is known about each person when deciding: reach, consent, place, budget, offers, arms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from engage.decide.board import naive
from engage.decide.budget import budget, open_ghosts
from engage.decide.known import Known, Moments
from engage.decide.whereabouts import whereabouts
from engage.domain.actions import ContactClass
from engage.domain.assignments import GLOBAL

STOPPED_CHANNEL = "channel:"
"""What the scope of an entry of the stop list begins with that stops one channel alone."""


def build(
    person_ids: Sequence[str],
    now: datetime,
    tables: Mapping[str, pa.Table],
    purposes: Collection[str],
    lives: Mapping[str, timedelta] | None = None,
) -> pd.DataFrame:
    """Return one row for each person, indexed by person_id, with all that the gates ask.

    `tables` is what the store's `context.read` returns. Columns: country, region, places, zones
    (tuples: contact must be allowed in all of them), has_phone, has_email, suppressed, suppressed:CHANNEL (where
    somebody stopped one alone), excluded, must_serve, gpc, open_action, rest_until, the counts of the contact budget (real contacts and
    ghosts alike), consent:PURPOSE (when it was given, NaT if not or taken back), arm_global and
    arm:TRIGGER (where stored). `lives` says how long an offer of an action stays open, for ghosts.
    """
    at = naive(now)
    known = Known(list(dict.fromkeys(person_ids)), tables)
    columns = {
        **whereabouts(known),
        **_reach(known),
        **_standing(known),
        **_open(known, at, lives or {}),
        **budget(known, at),
        **_consents(known, purposes),
        **_arms(known),
    }
    return pd.DataFrame(columns, index=pd.Index(list(known.people), name="person_id", dtype="str"))


def _reach(known: Known) -> dict[str, Any]:
    points = known.rows("contact_points")
    kinds = points.objects("kind")
    return {f"has_{kind}": known.marked(points.place[kinds == kind]) for kind in ("phone", "email")}


def _standing(known: Known) -> dict[str, Any]:
    """Return who is suppressed, excluded, or on a list that says they must be served.

    Whoever stands on two lists is excluded when one of them says so.
    """
    listed = known.rows("exclusions")
    serve = listed.flags("must_serve")
    excluded = known.marked(listed.place[~serve])
    return {
        **_suppressed(known),
        "excluded": excluded,
        "must_serve": known.marked(listed.place[serve]) & ~excluded,
    }


def _suppressed(known: Known) -> dict[str, npt.NDArray[np.bool_]]:
    """Return who has stopped everything, and a column for each channel somebody stopped alone."""
    listed = known.rows("suppressions")
    scopes = listed.objects("scope")
    alone = np.asarray([str(one).startswith(STOPPED_CHANNEL) for one in scopes], bool)
    found = {"suppressed": known.marked(listed.place[~alone])}
    for scope in sorted(set(scopes[alone])):
        name = f"suppressed:{scope.removeprefix(STOPPED_CHANNEL)}"
        found[name] = known.marked(listed.place[scopes == scope])
    return found


def _open(known: Known, now: np.datetime64, lives: Mapping[str, timedelta]) -> dict[str, Any]:
    """Return who has an offer or a promised call-back open; messages they asked for are none."""
    offers = known.rows("open_actions")
    message = offers.objects("kind") == "message"
    asked = message & (offers.objects("class") == ContactClass.REQUESTED)
    opened = known.marked(offers.place[~asked])
    return {"open_action": opened | known.marked(open_ghosts(known, now, lives))}


def _consents(known: Known, purposes: Collection[str]) -> dict[str, Moments]:
    """Return when the consent in force was given; the latest word counts, a no before a yes."""
    said = known.rows("consents")
    at, granted = said.times("at"), said.flags("granted")
    given = np.where(granted, at, np.datetime64("NaT"))
    order = np.lexsort((~granted, at))
    about = said.objects("purpose")[order]
    consents = {}
    for purpose in sorted(purposes):
        latest = np.full(len(known.people), "NaT", "datetime64[us]")
        mine = order[about == purpose]
        latest[said.place[mine]] = given[mine]  # of several words the last in order stays
        consents[f"consent:{purpose}"] = latest
    return consents


def _arms(known: Known) -> dict[str, npt.NDArray[np.object_]]:
    """Return the stored arms, a column for each scope that somebody has one in."""
    stored = known.rows("assignments")
    scopes, arms = stored.objects("scope"), stored.objects("arm")
    found = {}
    for scope in sorted({GLOBAL, *scopes}):
        mine = scopes == scope
        column = np.full(len(known.people), None, object)
        column[stored.place[mine]] = arms[mine]
        found["arm_global" if scope == GLOBAL else f"arm:{scope}"] = column
    return found
