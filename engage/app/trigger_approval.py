"""A second person lets a changed trigger go live."""

from __future__ import annotations

from engage.app.app import App
from engage.app.definitions import check_names
from engage.app.trigger_reach import refuse_nearly_everybody
from engage.app.triggers import check_trigger, unknown
from engage.domain.triggers import Trigger, TriggerState
from engage.errors import WrongUse
from engage.store import Tx
from engage.store import triggers as stored

_WAITING = (TriggerState.DRAFT, TriggerState.APPROVED)


def approve(
    app: App,
    name: str,
    *,
    by: str,
    number: int | None = None,
    hold: bool = False,
    anyway: bool = False,
) -> Trigger:
    """Approve the draft that waits, and let it go live unless it is held; return it as it is now.

    One that was approved and held goes live. Raises WrongUse for who wrote it, for what does not
    wait, and, unless `anyway`, for a trigger that fires for nearly everybody.
    """
    if not by.strip():
        raise WrongUse("whoever approves a trigger puts a name to it: --by NAME")
    with app.store.read() as tx:
        asked = _waiting(tx, name, number)
    _refuse_author(asked, by)
    check_names(asked, app.goals, app.actions, app.settings.journeys, file="the draft")
    check_trigger(app, asked)
    if not anyway:
        refuse_nearly_everybody(app, asked)
    with app.store.write() as tx:
        if asked.state is TriggerState.DRAFT:
            _take(app, tx, asked, TriggerState.APPROVED, by)
        elif hold:
            raise WrongUse(
                f"version {asked.version} of {name} is approved; it goes live without --hold"
            )
        if not hold:
            _take(app, tx, asked, TriggerState.LIVE, by)
        found = stored.version(tx, name, asked.version)
    assert found is not None
    return found


def _waiting(tx: Tx, name: str, number: int | None) -> Trigger:
    """Return the version that is asked about, which must not have been live yet."""
    known = stored.versions(tx, name)
    if not known:
        raise unknown(name, [trigger.name for trigger in stored.current(tx)])
    waiting = [one for one in stored.waiting(tx) if one.name == name]
    if waiting and number in (None, waiting[0].version):
        return waiting[0]
    if number is None:
        raise WrongUse(
            f"nothing of {name} waits for approval; version {known[0].version} is the newest"
        )
    found = next((one for one in known if one.version == number), None)
    if found is None:
        raise WrongUse(f"{name} has no version {number}; the newest is {known[0].version}")
    why = (
        f"has been overtaken by version {known[0].version}"
        if found.state in _WAITING
        else f"is {found.state}"
    )
    raise WrongUse(f"version {number} of {name} {why}; apply what it says as a new version")


def _refuse_author(asked: Trigger, by: str) -> None:
    if asked.state is TriggerState.DRAFT and asked.by.casefold() == by.strip().casefold():
        raise WrongUse(
            f"{asked.by} wrote version {asked.version} of {asked.name}, so somebody else approves it: "
            f"engage triggers approve {asked.name} --by NAME"
        )


def _take(app: App, tx: Tx, asked: Trigger, state: TriggerState, by: str) -> None:
    if not stored.set_state(tx, asked.name, asked.version, state, by=by.strip(), at=app.now()):
        raise WrongUse(
            f"version {asked.version} of {asked.name} cannot become {state} any more: somebody else "
            "was there before; see engage triggers list"
        )
