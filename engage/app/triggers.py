"""Triggers on their way from the settings into the database, where the approved version rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pyarrow as pa

from engage.app.app import App
from engage.app.frames import columns, scores_of
from engage.collect.names import nearest
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger, TriggerState
from engage.errors import PredicateRefused, WrongUse
from engage.features.predicates import check
from engage.features.thresholds import threshold
from engage.store import triggers as stored


def seed_triggers(app: App, from_settings: Mapping[str, Trigger]) -> None:
    """Store each trigger of the settings that the database does not know yet, as version 1."""
    for trigger in from_settings.values():
        check_trigger(app, trigger)
    with app.store.read() as tx:
        known = {trigger.name for trigger in stored.current(tx)}
    new = [trigger for name, trigger in sorted(from_settings.items()) if name not in known]
    if new:
        with app.store.write() as tx:
            for trigger in new:
                stored.add_version(tx, trigger, app.now())


def check_trigger(app: App, trigger: Trigger) -> None:
    """Refuse a condition that names an unknown column or does what it may not; a band without threshold."""
    try:
        check(trigger.when, columns_for(app, trigger.subject))
    except PredicateRefused as error:
        raise PredicateRefused(f"trigger {trigger.name}: {error}", error.position) from error
    if trigger.band:
        _check_band(app, trigger)


def _check_band(app: App, trigger: Trigger) -> None:
    """Refuse a band where the condition has no threshold that one could go below."""
    try:
        threshold(trigger.when, scores_of(app, trigger.subject), above=trigger.band)
    except PredicateRefused as error:
        raise PredicateRefused(
            f"trigger {trigger.name}, band = {trigger.band:g}: {error}", error.position
        ) from error


def columns_for(app: App, subject: Subject) -> pa.Schema:
    """Return the columns, with types, that a trigger over this kind of subject may name."""
    return columns(app, subject)


def switch(app: App, name: str, state: TriggerState, *, by: str = "command line") -> Trigger:
    """Pause a trigger, or let it go on; return the version that was meant.

    What it decided already still goes out, and is measured on. Raises WrongUse for a trigger that
    is not there or cannot be switched so.
    """
    with app.store.write() as tx:
        in_force = {trigger.name: trigger for trigger in stored.current(tx)}
        if name not in in_force:
            raise unknown(name, in_force)
        found = in_force[name]
        if not stored.set_state(tx, name, found.version, state, by=by, at=app.now()):
            raise WrongUse(f"trigger {name} is {found.state}; it cannot become {state}")
    return found


def unknown(name: str, known: Collection[str]) -> WrongUse:
    """Return what to say of a trigger that is not there."""
    return WrongUse(f"there is no trigger {name!r}; {nearest(name, sorted(known))}")


def live(app: App, subject: Subject) -> tuple[Trigger, ...]:
    """Return the triggers that are live for this kind of subject, in name order."""
    with app.store.read() as tx:
        current = stored.current(tx)
    return tuple(
        trigger
        for trigger in sorted(current, key=lambda t: t.name)
        if trigger.state is TriggerState.LIVE and trigger.subject is subject
    )
