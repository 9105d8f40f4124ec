"""A live trigger is changed: export, edit, apply, and a second person's approval."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json
from engage.domain.triggers import TriggerState
from engage.errors import WrongUse

if TYPE_CHECKING:
    # These load the libraries that `engage --help` does without.
    from engage.app.app import App
    from engage.domain.triggers import Trigger

NameArgument = Annotated[str, typer.Argument(help="The trigger's name.")]
ByOption = Annotated[
    str | None, typer.Option("--by", help="Who does this; by default the user who is logged in.")
]
_OUTCOMES = {
    "new": "a new trigger, a draft",
    "changed": "a draft",
    "same": "says the same already",
}


def export(
    names: Annotated[list[str] | None, typer.Argument(help="Which; all without a name.")] = None,
    project: ProjectOption = None,
) -> None:
    """Print the versions in force as a file to edit, which `engage triggers apply` takes."""
    from engage.app import trigger_edits

    with opened_app(project) as app:
        typer.echo(trigger_edits.export(app, names or []), nl=False)


def apply(
    file: Annotated[Path, typer.Argument(help="Triggers as `engage triggers export` writes them.")],
    by: ByOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check it, and store nothing.")
    ] = False,
    project: ProjectOption = None,
) -> None:
    """Bring in a file of triggers: what says something new becomes a draft, all of it or none.

    A trigger that somebody has changed since it was exported is refused.
    """
    from engage.app import trigger_edits

    with opened_app(project) as app:
        edits = trigger_edits.read(app, file)
        told = trigger_edits.apply(app, edits, by=_name(by), dry_run=dry_run)
    for one in told:
        typer.echo(f"{one.name} (version {one.version}): {_OUTCOMES[one.outcome]}")
        for words in one.changes:
            typer.echo(f"  {words}")
    drafts = [one.name for one in told if one.outcome != "same"]
    if not drafts:
        typer.echo("nothing new")
    elif dry_run:
        typer.echo("nothing was stored: --dry-run")
    else:
        typer.echo(f"next: engage triggers preview {drafts[0]}; another person approves")


def approve(
    name: NameArgument,
    version: Annotated[
        int | None, typer.Option(help="Which; by default the one that waits.")
    ] = None,
    by: ByOption = None,
    hold: Annotated[bool, typer.Option("--hold", help="Approve it, but not live yet.")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Even if it fires for nearly everybody.")
    ] = False,
    project: ProjectOption = None,
) -> None:
    """Let a draft go live that somebody else wrote; the version before it is paused.

    One that was held goes live when approve is called once more.
    """
    from engage.app.trigger_approval import approve as approved

    with opened_app(project) as app:
        found = approved(app, name, by=_name(by), number=version, hold=hold, anyway=anyway)
    held = found.state is TriggerState.APPROVED
    more = f"; engage triggers approve {name} lets it go live" if held else ""
    typer.echo(f"{name} (version {found.version}) is {found.state}{more}")


def diff(
    name: NameArgument,
    file: Annotated[
        Path | None,
        typer.Option(help="Compare with this file; by default with the draft, else settings.toml."),
    ] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what would change: the version in force against the draft, settings.toml or a file."""
    from dataclasses import asdict

    from engage.app.trigger_diff import differences

    with opened_app(project) as app:
        before, after, place = _sides(app, name, file)
    found = differences(before, after)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    says = "says otherwise than" if found else "says the same as"
    typer.echo(f"{place} {says} version {before.version} of {name}, which is {before.state}")
    for one in found:
        typer.echo(f"  {one.words}")


def _sides(app: App, name: str, file: Path | None) -> tuple[Trigger, Trigger, str]:
    """Return the version in force, what it is compared with, and what to call that."""
    from engage.app.trigger_edits import read
    from engage.app.triggers import unknown
    from engage.settings.load import FILE
    from engage.store import triggers as stored

    with app.store.read() as tx:
        in_force = {one.name: one for one in stored.current(tx)}
        waiting = {one.name: one for one in stored.waiting(tx)}
    if name not in in_force:
        raise unknown(name, in_force)
    before, draft = in_force[name], waiting.get(name)
    if file is None and draft is not None and draft.version != before.version:
        return before, draft, f"version {draft.version}, {draft.state}, by {draft.by},"
    path = file or app.folder / FILE
    told = read(app, path)
    if name not in told:
        raise WrongUse(f"{path} holds no [triggers.{name}], and no draft of it waits")
    return before, told[name].trigger, path.name


def _name(by: str | None) -> str:
    """Return who acts: who they say they are, else who is logged in."""
    import getpass

    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command line"


def register(group: typer.Typer) -> None:
    """Add the commands that change triggers."""
    for command in (export, apply, approve, diff):
        group.command()(command)
