"""Triggers: which are live, what they say, which wait for approval; stop one and let it go on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from engage.cli import trigger_edits, trigger_preview
from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json, print_table
from engage.domain.triggers import TriggerState

triggers = typer.Typer(help="When somebody is worth approaching.", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(help="The trigger's name.")]


@triggers.command("list")
def list_triggers(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show the version of each trigger that is in force, and those that wait for approval."""
    from engage.store import triggers as stored

    with opened_app(project) as app, app.store.read() as tx:
        known = {(one.name, one.version): one for one in stored.current(tx)}
        known |= {(one.name, one.version): one for one in stored.waiting(tx)}
    listed = [known[key] for key in sorted(known)]
    if as_json:
        print_json([_plain(asdict(trigger)) for trigger in listed])
        return
    rows = [
        (
            *(t.name, t.version, t.state, t.by, t.subject, t.contact_class),
            *(", ".join(t.actions), t.holdout),
        )
        for t in listed
    ]
    columns = ("name", "version", "state", "by", "subject", "class", "actions", "held out")
    print_table("Triggers", columns, rows)


@triggers.command("show")
def show(name: NameArgument, project: ProjectOption = None) -> None:
    """Show one trigger in full."""
    from engage.store import triggers as stored

    with opened_app(project) as app, app.store.read() as tx:
        found = [trigger for trigger in stored.current(tx) if trigger.name == name]
    if not found:
        raise typer.BadParameter(f"there is no trigger {name!r}; see engage triggers list")
    print_json(_plain(asdict(found[0])))


@triggers.command("pause")
def pause(name: NameArgument, project: ProjectOption = None) -> None:
    """Stop a trigger from approaching anybody; what was decided goes on."""
    _switch(project, name, TriggerState.PAUSED)


@triggers.command("resume")
def resume(name: NameArgument, project: ProjectOption = None) -> None:
    """Let a paused trigger go on."""
    _switch(project, name, TriggerState.LIVE)


def _switch(project: Path | None, name: str, state: TriggerState) -> None:
    from engage.app.triggers import switch

    with opened_app(project) as app:
        found = switch(app, name, state)
    typer.echo(f"{name} (version {found.version}) is {state}")


def _plain(trigger: dict[str, object]) -> dict[str, object]:
    return {key: str(v) if hasattr(v, "total_seconds") else v for key, v in trigger.items()}


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    trigger_edits.register(triggers)
    trigger_preview.register(triggers)
    app.add_typer(triggers, name="triggers")
