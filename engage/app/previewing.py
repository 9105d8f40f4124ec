"""What a trigger would have done in the last days, before anything of it is live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd

from engage.app.app import App
from engage.app.candidates import candidates_of
from engage.app.rehearsing import rehearse
from engage.app.trigger_reach import DAYS, THINGS, Lately, lately, reach, warning
from engage.app.triggers import unknown
from engage.decide.board import naive
from engage.decide.tally import tally
from engage.domain.reasons import Reason
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger, TriggerState
from engage.errors import WrongUse
from engage.features.looks import HOURS_BEFORE, SILENT_MIN, looked_at
from engage.store import triggers as stored

_ALWAYS = """\
Consents, numbers, exclusions, arms and what customers are worth count as they stand today; what was \
known of a subject, its scores, the hours and the staff as of its moment, to the half hour.
Contacts and open offers of other triggers are left aside; those that this one would make itself use up \
people's budgets.
Slots count as free unless the staff is not there: what others book, and what inbound calls really took, \
nobody knows beforehand.""".splitlines()
_OF_A_KIND = {
    Subject.SESSION: "A visit is looked at after each event and {} minutes into each silence, where the "
    "engine looks every second; whether a page was still open is judged by its last event.".format(
        ", ".join(str(one) for one in SILENT_MIN[1:])
    ),
    Subject.APPOINTMENT: "Of an appointment only the newest word is stored: one that has been kept or "
    "cancelled since cannot be seen as it was booked. It is looked at {} hours before.".format(
        ", ".join(str(one) for one in HOURS_BEFORE)
    ),
}
"""What the figures rest on and cannot know."""
_BAND = (
    "Nobody is let in from the band below the threshold: the figures are those of the condition."
)


def to_be_tried(app: App, name: str, number: int | None = None) -> Trigger:
    """Return the version that is meant: this one, else the one that waits, else the one in force."""
    with app.store.read() as tx:
        known = stored.versions(tx, name)
        in_force = {one.name: one for one in stored.current(tx)}
        waiting = {one.name: one for one in stored.waiting(tx)}
    if not known:
        raise unknown(name, in_force)
    if number is None:
        return waiting.get(name) or in_force[name]
    found = next((one for one in known if one.version == number), None)
    if found is None:
        raise WrongUse(f"{name} has no version {number}; the newest is {known[0].version}")
    return found


def preview(app: App, name: str, *, days: int = DAYS, number: int | None = None) -> dict[str, Any]:
    """Return what a version of a trigger would have done in the last days; nothing is stored.

    By the code that decides live: the same columns and scores, condition, gates, arms and chances.
    """
    asked = to_be_tried(app, name, number)
    if not looked_at(asked.subject):
        raise WrongUse(f"trigger {name} watches people by themselves, whom no job looks at yet")
    found = lately(app, asked.subject, days)
    acting = replace(asked, state=TriggerState.LIVE, band=0.0)
    candidates = candidates_of(
        app, found.scored, found.looks.drop_columns(["person_id"]), (acting,)
    )
    rehearsed = rehearse(app, acting, candidates, found.since, found.until)
    told = tally(rehearsed.turns, app.actions)
    return {
        "trigger": name,
        "version": asked.version,
        "state": str(asked.state),
        "from": found.since,
        "to": found.until,
        "days": days,
        **_fired(found, asked, candidates),
        **told,
        "reasons": {one: Reason(one).sentence for one in told["refused"]},
        "queues": _queues(told["actions"], rehearsed.staff.free, found),
        "agent_minutes": round(sum(one["agent_minutes"] for one in told["actions"]), 3),
        "cost_minor": round(sum(one["cost_minor"] for one in told["actions"]), 2),
        "currency": app.settings.project.currency,
        "warnings": list(_warnings(asked, found)),
        "rests_on": [
            *_ALWAYS,
            *([_BAND] if asked.band else []),
            *([_OF_A_KIND[asked.subject]] if asked.subject in _OF_A_KIND else []),
        ],
    }


def _fired(found: Lately, trigger: Trigger, candidates: pd.DataFrame) -> dict[str, Any]:
    """Return who was looked at, and whom it fires for within its validity."""
    return {
        "subject": THINGS[trigger.subject],
        "looked_at": len(found.looks["subject_id"].unique()),
        "fired": int(candidates["subject_id"].nunique()) if len(candidates) else 0,
        "people_fired": int(candidates["person_id"].nunique()) if len(candidates) else 0,
    }


def _queues(
    offered: Iterable[Mapping[str, Any]], free: pd.DataFrame, found: Lately
) -> dict[str, dict[str, float]]:
    """Return for each queue the minutes that are needed, and those free for offers in these days."""
    needed: dict[str, float] = {}
    for one in offered:
        if one["queue"]:
            needed[one["queue"]] = needed.get(one["queue"], 0.0) + one["agent_minutes"]
    return {
        queue: {
            "agent_minutes": round(minutes, 3),
            "free": _free(free, queue, found.since, found.until),
        }
        for queue, minutes in sorted(needed.items())
    }


def _free(free: pd.DataFrame, queue: str, since: datetime, until: datetime) -> float:
    within = (free["starts_at"] >= naive(since)) & (free["starts_at"] < naive(until))
    return round(float(free.loc[within & (free["queue"] == queue), "free_min"].sum()), 1)


def _warnings(trigger: Trigger, found: Lately) -> Iterable[str]:
    if words := warning(trigger, reach(found, trigger)):
        yield words
    if not found.looks.num_rows:
        yield "nothing of these days is stored, so there was nothing to try it on"
    if found.share < 1:
        yield (
            f"there is so much that {found.share:.1%} of the people were looked at, drawn by a hash; "
            "every figure is of those alone"
        )
