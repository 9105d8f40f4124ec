"""Decisions: who was offered what, and every step that led there."""

from __future__ import annotations

from typing import Annotated

import typer

from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json, print_table

decisions = typer.Typer(help="Who was offered what.", no_args_is_help=True)


@decisions.command("list")
def list_decisions(
    project: ProjectOption = None,
    trigger: Annotated[str | None, typer.Option(help="Only this trigger's.")] = None,
    limit: Annotated[int, typer.Option(help="How many of the newest.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the newest decisions."""
    from engage.store import decisions as stored

    with opened_app(project) as app, app.store.read() as tx:
        found = stored.read(tx, trigger=trigger, limit=limit).to_pylist()
    if as_json:
        print_json(found)
        return
    columns = ("decision_id", "decided_at", "trigger", "person_id", "arm", "action", "propensity")
    print_table("Decisions", columns, [[row[c] for c in columns] for row in found])


@decisions.command("replay")
def replay_decisions(
    project: ProjectOption = None,
    sample: Annotated[int, typer.Option(min=1, help="How many, chosen by a hash.")] = 500,
    trigger: Annotated[str | None, typer.Option(help="Only this trigger's.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed chooses others.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Make past decisions again from their log; exit with 1 where something comes out otherwise."""
    from engage.app.replay.replaying import replay
    from engage.cli.replay_words import words

    with opened_app(project) as app:
        found = replay(app, sample, trigger=trigger, seed=seed)
    if as_json:
        print_json(found.told)
    else:
        for line in words(found):
            typer.echo(line)
    if found.identical < found.decisions:
        raise typer.Exit(1)


def explain(
    thing: Annotated[
        str,
        typer.Argument(
            help="A person, by your own number; or a decision, an event, a visit, a contact."
        ),
    ],
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how a decision came about, or why somebody was not contacted."""
    from engage.app.explaining import explain as tell

    with opened_app(project) as app:
        story = tell(app, thing)
    if as_json:
        print_json(story.facts)
    else:
        for line in (*story.lines, *(("", *story.details) if story.details else ())):
            typer.echo(line)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(decisions, name="decisions")
    app.command()(explain)
