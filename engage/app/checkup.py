"""What keeps an installation from doing its work, in words, with what to do about each.

`invariants` ask whether what was done is right; a check-up asks whether the work can go on.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from engage.app import agents, incidents
from engage.app.app import App
from engage.app.finding import Finding
from engage.app.model_checkup import models_found
from engage.app.place_checkup import places_found
from engage.app.trigger_diff import differences, same
from engage.app.trigger_edits import SEED
from engage.app.value_checkup import values_found
from engage.deliver import killswitch
from engage.domain.messages import MessageState
from engage.domain.runs import RunState
from engage.domain.triggers import Trigger, TriggerState
from engage.store import jobs as runs
from engage.store import outbox, plans, quarantine, replies, staffing
from engage.store import triggers as stored

__all__ = ["Finding", "check_up"]

_ENOUGH = 1 << 30
"""Bytes free; below it a night's training and archiving may not fit."""
_ROSTER_AHEAD = timedelta(days=7)
"""As far ahead as slots are promised."""


def check_up(
    app: App, triggers: Mapping[str, Trigger], due: Mapping[str, datetime | None]
) -> list[Finding]:
    """Return what was found, in the order in which to mend it.

    `triggers`: as the settings have them. `due`: the time by which each enabled job should have
    run last, None where a missed one is let go.
    """
    looks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _files(app),
        lambda: _outgoing(app),
        lambda: _jobs(app, due),
        lambda: models_found(app),
        lambda: values_found(app),
        lambda: places_found(app),
        lambda: _triggers(app, triggers),
        lambda: _rows(app),
        lambda: _rosters(app),
        lambda: _agents(app),
    )
    return [finding for look in looks for finding in look()]


def _files(app: App) -> Iterator[Finding]:
    yield Finding("ok", "database", f"{app.store.place} answers and is up to date")
    for folder in (app.folder / "var", app.history.folder, app.artifacts_folder):
        nearest = next(one for one in (folder, *folder.parents) if one.exists())
        if not os.access(nearest, os.W_OK):
            yield Finding("broken", "files", f"{nearest} cannot be written", "make it writable")
    free = shutil.disk_usage(app.folder).free
    words = f"{free / (1 << 30):.1f} GB are free on the disk of {app.folder}"
    short = "free some space: archiving and training need it"
    yield Finding("ok", "disk", words) if free > _ENOUGH else Finding("look", "disk", words, short)


def _outgoing(app: App) -> Iterator[Finding]:
    with app.store.read() as tx:
        stopped, incident = killswitch.stopped(tx), incidents.current(app, tx)
        to_read = replies.waiting(tx).num_rows
        stuck = {
            state: outbox.read(tx, states=[state]).num_rows
            for state in (MessageState.UNKNOWN, MessageState.DEAD)
        }
    if stopped:
        words = f"nothing goes out since {stopped}"
        yield Finding("look", "kill switch", words, "engage killswitch off")
    if incident is not None:
        words = f"{incident.mode} since {incident.since:%Y-%m-%d %H:%M} UTC, said by {incident.by}"
        yield Finding("look", "incident", words, "engage incident off, when it is over")
    if to_read:
        words = f"{to_read} messages of customers wait for somebody to read them"
        yield Finding("look", "replies", words, "engage replies list; engage replies judge")
    if app.settings.replies.stop_scope != "all":
        words = "a STOP stops its own channel alone: [replies] stop_scope"
        yield Finding("look", "replies", words, 'stop_scope = "all" unless counsel agrees')
    if app.settings.delivery.dry_run:
        yield Finding("ok", "delivery", "dry run: messages are decided and written, none is sent")
    else:
        yield Finding("ok", "delivery", "messages and calls go out")
    if stuck[MessageState.UNKNOWN]:
        words = f"{stuck[MessageState.UNKNOWN]} messages may or may not have left"
        yield Finding("look", "messages", words, "they are reconciled while `engage run` runs")
    if stuck[MessageState.DEAD]:
        words = f"{stuck[MessageState.DEAD]} messages were given up"
        yield Finding("look", "messages", words, "engage verify names them; see the log for why")


def _jobs(app: App, due: Mapping[str, datetime | None]) -> Iterator[Finding]:
    with app.store.read() as tx:
        last = {run.job: run for run in runs.last_runs(tx)}
    late = [name for name, at in due.items() if at and (name not in last or last[name].due < at)]
    failed = [run for name, run in sorted(last.items()) if run.state is RunState.FAILED]
    for run in failed:
        yield Finding("look", f"job {run.job}", f"its last run failed: {run.error}", "see the log")
    if late:
        words = f"{len(late)} of {len(due)} have a run to make up: {', '.join(sorted(late))}"
        yield Finding(
            "look", "jobs", words, "engage run keeps them going; engage tick runs them once"
        )
    elif not failed:
        yield Finding("ok", "jobs", f"all {len(due)} ran when they were last due")


def _triggers(app: App, settings: Mapping[str, Trigger]) -> Iterator[Finding]:
    with app.store.read() as tx:
        in_force = {trigger.name: trigger for trigger in stored.current(tx)}
        waiting = {trigger.name: trigger for trigger in stored.waiting(tx)}
    for name, draft in sorted(waiting.items()):
        words = f"version {draft.version} by {draft.by} waits for approval"
        if draft.state is TriggerState.APPROVED:
            words = f"version {draft.version} is approved and held"
        remedy = f"engage triggers preview {name} tries it; engage triggers approve {name}"
        yield Finding("look", f"trigger {name}", words, remedy)
    for name, written in sorted(settings.items()):
        rules = in_force[name]
        changed = [one.key for one in differences(rules, written)]
        if changed and not (name in waiting and same(waiting[name], written)):
            words = f"settings.toml says otherwise than version {rules.version}, which is in force"
            yield Finding(
                "look", f"trigger {name}", f"{words}: {', '.join(changed)}", _way_in(rules)
            )
    live = sum(trigger.state == "live" for trigger in in_force.values())
    yield Finding("ok", "triggers", f"{live} of {len(in_force)} are live")


def _way_in(rules: Trigger) -> str:
    """Return how what the file says comes into force, or what is in force into the file."""
    name = rules.name
    if rules.by == SEED and rules.version == 1:
        return f"engage triggers diff {name} shows it; engage triggers apply settings.toml brings it in"
    return (
        f"engage triggers diff {name} --file settings.toml shows it; the stored version rules: engage "
        f"triggers export {name} writes it, to be put into the file or edited and applied"
    )


def _rows(app: App) -> Iterator[Finding]:
    with app.store.read() as tx:
        waiting = quarantine.count(tx)
        planned = plans.latest(tx, app.now())
    if waiting:
        words = f"{waiting} imported rows could not be used"
        yield Finding("look", "imports", words, "engage quarantine list says why")
    if planned is None:
        words = "no plan yet: no agent counts as free, so nothing is offered"
        yield Finding("look", "capacity", words, "engage job plan_capacity")


def _rosters(app: App) -> Iterator[Finding]:
    """Say which rosters end soon; a queue that never had one goes by the settings anyway."""
    now = app.now()
    with app.store.read() as tx:
        ends = staffing.ends(tx, now)
    for queue, end in ends.items():
        if queue in app.settings.queues and end < now + _ROSTER_AHEAD:
            verb = "ended" if end <= now else "ends"
            words = f"its roster {verb} on {end.astimezone(app.zone):%Y-%m-%d %H:%M}"
            remedy = "engage import staffing FILE; days without one go by settings.toml"
            yield Finding("look", f"queue {queue}", words, remedy)


def _agents(app: App) -> Iterator[Finding]:
    """Say of which queues it was told too long ago what their agents are doing."""
    now, lasting = app.now(), agents.life(app)
    with app.store.read() as tx:
        told = agents.told(app, tx)
    for queue, one in told.items():
        words = f"{one.free} free, {one.busy} busy, {one.wrap} writing up"
        if one.fresh(now, lasting):
            yield Finding("ok", f"agents of {queue}", words)
        else:
            ago = (now - one.at).total_seconds()
            words = f"told {ago:,.0f} seconds ago ({words}): the plan says who is free instead"
            remedy = (
                f"engage agents set {queue} --free N, every {lasting.total_seconds():g} seconds"
            )
            yield Finding("look", f"agents of {queue}", words, remedy)
