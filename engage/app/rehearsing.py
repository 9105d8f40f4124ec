"""A trigger acts out the last days against the real gates, and keeps a diary instead of sending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pandas as pd

from engage.app.app import App
from engage.app.diary import Diary
from engage.app.planning import planned, staff_of
from engage.decide import context, policy
from engage.decide.board import LEARNED, LIFT, OPTIONAL, REQUIRED, naive
from engage.decide.capacity import Plan
from engage.decide.decided import Decided
from engage.decide.frequency import COUNTED
from engage.decide.plan import Forecast, current, forecast
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger
from engage.store import context as stored_context
from engage.store import people as stored_people
from engage.store import staffing

TURN = pd.Timedelta(minutes=30)
"""Hours and staff are asked to the half hour, as capacity is planned."""
_AHEAD_D, _BEFORE = 9, timedelta(days=9)
"""Slots are promised a week ahead; a row of a roster lasts a week at most."""
_MOVING = (
    *COUNTED,
    *("all_24h", "all_30d", "requested_dials_24h", "by_subject", "rest_until", "open_action"),
)
"""What the context says of contacts and offers; the rest stands as it does today."""
_DECIDES = {*REQUIRED, *OPTIONAL}


@dataclass(frozen=True)
class Rehearsed:
    """What a trigger would have done, turn by turn, and the staff there was for it."""

    turns: list[Decided]
    staff: Forecast


def rehearse(
    app: App, trigger: Trigger, candidates: pd.DataFrame, since: datetime, until: datetime
) -> Rehearsed:
    """Decide for every candidate in order of time, by the live policy, as if nothing else went out.

    Consents, numbers, lists and arms count as they stand today, hours and staff as of the half hour
    of each candidate, and contacts and open offers as the rehearsal itself makes them.
    """
    staff = _staff(app, since, until)
    if candidates.empty:
        return Rehearsed([], staff)
    diary, made = Diary(), []
    candidates = _as_known_today(app, candidates)
    standing = _standing(app, candidates)
    for at, rows in _turns(candidates, trigger.subject):
        left = rows[~rows["subject_id"].isin(diary.decided)]
        if len(left):
            made.append(
                _decide(app, trigger, left, _known(app, standing, left, diary, at), staff, at)
            )
            diary.add(made[-1])
    return Rehearsed(made, staff)


def _as_known_today(app: App, candidates: pd.DataFrame) -> pd.DataFrame:
    wanted = [
        name for name in candidates if name in _DECIDES or str(name).startswith((LIFT, LEARNED))
    ]
    with app.store.read() as tx:
        canonical = stored_people.canonical(tx, candidates["person_id"].unique().tolist())
    return candidates[wanted].assign(person_id=candidates["person_id"].map(canonical))


def _standing(app: App, candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the context of everybody without contacts and offers."""
    people, now = sorted(candidates["person_id"].unique()), app.now()
    with app.store.read() as tx:
        tables = stored_context.read(tx, people, now, app.suppression_key)
    for name in ("contacts", "ghosts", "open_actions"):
        del tables[name]
    purposes = sorted({action.needs for action in app.actions.values() if action.needs})
    return context.build(people, now, tables, purposes)


def _turns(candidates: pd.DataFrame, subject: Subject) -> Iterator[tuple[datetime, pd.DataFrame]]:
    """Yield each half hour with the first look of each subject in it, moved to its beginning.

    A look keeps its distance to the subject's moment; an appointment stays where it is.
    """
    ordered = candidates.sort_values(["as_of", "subject_id"], kind="stable")
    turn = ordered["as_of"].dt.floor(TURN).astype("datetime64[us]")
    ordered = ordered.assign(turn=turn).drop_duplicates(["subject_id", "turn"])
    moved = ordered["as_of"] - ordered["turn"]
    if subject is not Subject.APPOINTMENT:
        ordered = ordered.assign(moment=ordered["moment"] - moved)
    for at, rows in ordered.assign(as_of=ordered["turn"]).groupby("turn"):
        yield pd.Timestamp(str(at)).to_pydatetime().replace(tzinfo=UTC), rows.drop(columns="turn")


def _known(
    app: App, standing: pd.DataFrame, rows: pd.DataFrame, diary: Diary, at: datetime
) -> pd.DataFrame:
    people = sorted(rows["person_id"].unique())
    lives = {name: action.life for name, action in app.actions.items()}
    moving = context.build(people, at, diary.tables(at), (), lives)
    return standing.loc[people].assign(**{name: moving[name] for name in _MOVING})


def _decide(
    app: App,
    trigger: Trigger,
    rows: pd.DataFrame,
    known: pd.DataFrame,
    staff: Forecast,
    at: datetime,
) -> Decided:
    return policy.decide(
        rows,
        {trigger.name: trigger},
        app.actions,
        known,
        app.rules,
        _plan(app, staff, at),
        now=at,
        salt=app.salt,
        secret=app.draw_key,
        run_id="rehearsal",
    )


def _staff(app: App, since: datetime, until: datetime) -> Forecast:
    """Return who was there in these days and the days that could be promised, by roster or settings."""
    with app.store.read() as tx:
        ahead = until + timedelta(days=_AHEAD_D)
        told = staffing.told(tx, since=since - _BEFORE, until=ahead, known_by=app.now())
        _, plan = planned(tx, app.now())
    days, known = (ahead - since).days + 1, plan.learned
    made = forecast(staff_of(app, known), since, days=days, roster=told.to_pandas())
    return replace(made, learned=known)


def _plan(app: App, staff: Forecast, at: datetime) -> Plan:
    """Return the plan of a half hour, with every slot free that is ahead."""
    starts, now = staff.slots["starts_at"], pd.Timestamp(naive(at))
    ahead = staff.slots[(starts >= now - TURN) & (starts < now + pd.Timedelta(days=_AHEAD_D - 1))]
    handle = {name: queue.handle_min for name, queue in app.settings.queues.items()}
    return current("", staff, ahead.assign(booked=0), at, handle)
