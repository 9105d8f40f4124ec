"""Every night each model in use is looked at: same people, same meaning, everything still fed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from engage.app.app import App
from engage.app.champions import Champion, load, serving
from engage.app.watched_rows import lately, matured, outcome_delay
from engage.domain.runs import JobReport
from engage.domain.watch import STEADY, UNKNOWN, Alarm
from engage.errors import EngageError
from engage.logs import get_logger
from engage.scoring.definition import Model
from engage.scoring.drift import Limits
from engage.scoring.honesty import Honesty
from engage.scoring.looked import Look, look_at_outcomes, look_at_people
from engage.store import artifacts, watches
from engage.store.watches import Watch

_log = get_logger("watch_drift")


def watch_drift(app: App) -> JobReport:
    """Look at every model in use, store what was found, and log what changed since the last look."""
    with app.store.read() as tx:
        in_charge = [one for one in artifacts.champions(tx) if one.model in app.models]
        before = watches.latest(tx)
    report: dict[str, int] = {}
    for record in in_charge:
        state = _watch(app, record, before.get(record.model))
        if state != STEADY:
            report[f"{record.model} {state}"] = 1
    unwatched = len(app.models) - len(in_charge)
    note = f"{unwatched} models were never in use" if unwatched else ""
    return JobReport(len(in_charge), len(in_charge) - len(report), report, note)


def _watch(app: App, record: artifacts.Record, before: Watch | None) -> str:
    champion = serving(app, record)
    if champion is None or champion.artifact_id != record.artifact_id:
        return "not looked at: its files are refused, see engage doctor"
    model, now = app.models[record.model], app.now()
    look = _look(app, model, record, champion, now)
    body = look.body()
    if Alarm.UNCALIBRATED in look.alarms:
        body["proposal"] = _go_back(app, model, record)
    state = look.state
    with app.store.write() as tx:
        watches.add(tx, Watch(record.model, now, record.artifact_id, state, body))
    _tell(record.model, state, body, before)
    return state


def _tell(model: str, state: str, body: dict[str, Any], before: Watch | None) -> None:
    """Say it once when the state changes; what goes on being so is in doctor every day."""
    known = before.state if before else STEADY
    if state in {known, UNKNOWN} or {state, known} == {STEADY, UNKNOWN}:
        return
    if state == STEADY:
        _log.info("model is steady again", model=model)
    else:
        _log.warning("model no longer fits", model=model, state=state, why="; ".join(body["says"]))


def _look(
    app: App, model: Model, record: artifacts.Record, champion: Champion, now: datetime
) -> Look:
    settings = app.settings.drift
    limits = Limits(settings.psi, settings.chance)
    people = lately(app, model, champion.predictor, now)
    look = look_at_people(
        record.body,
        people,
        now=now,
        stale_h=settings.stale_h,
        fewest=settings.min_people,
        limits=limits,
    )
    known = matured(app, model, champion.predictor, now, after=learned_until(record))
    return look_at_outcomes(
        look,
        model.objective,
        known,
        delay=outcome_delay(app, model, now),
        largest_error=settings.calibration_error,
        chance=settings.chance,
    )


def learned_until(record: artifacts.Record) -> datetime:
    """Return the moment from which on rows are new to an artifact: neither learned nor calibrated on.

    In a split by time that is where its judged rows begin; in one by people, where all of them end.
    """
    window = record.body["window"]
    if record.body["split"] == "time":
        return _moment(window["judged"]["from"])
    last = max(span["to"] for span in window.values() if "to" in span)
    return _moment(last) + timedelta(microseconds=1)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _go_back(app: App, model: Model, record: artifacts.Record) -> str:
    """Return what is proposed against broken calibration, or was done where settings say so.

    The model before is asked about the same rows: going back to one that is no more honest helps
    nobody.
    """
    with app.store.read() as tx:
        known = artifacts.predecessors(tx, record)
    retrain = f"engage models train {record.model} learns it anew"
    if not known:
        return f"{retrain}; there is no model before it to go back to"
    honest = _honesty(app, model, record, known[0])
    if honest is None or honest.broken:
        return f"{retrain}; {known[0].artifact_id}, the one before, is no more honest"
    if app.settings.drift.rollback == "ask":
        return (
            f"engage models rollback {record.model}: {known[0].artifact_id} is honest on these rows"
        )
    with app.store.write() as tx:
        artifacts.rollback(
            tx, record.model, by="watch_drift", at=app.now(), to=known[0].artifact_id
        )
    _log.warning("went back to the model before", model=record.model, to=known[0].artifact_id)
    return f"went back to {known[0].artifact_id}, which is honest on these rows"


def _honesty(
    app: App, model: Model, record: artifacts.Record, before: artifacts.Record
) -> Honesty | None:
    try:
        older = load(app, before.artifact_id, before.folder, before.sha256)
    except EngageError:
        return None
    rows = matured(app, model, older.predictor, app.now(), after=learned_until(record))
    settings = app.settings.drift
    return rows.honesty(
        model.objective, largest_error=settings.calibration_error, chance=settings.chance
    )
