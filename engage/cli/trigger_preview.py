"""A trigger is tried on the last days before it is live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from engage.cli.moments import AtOption
from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, money, print_json, print_table
from engage.domain.scores import Subject
from engage.errors import PredicateRefused, WrongUse

if TYPE_CHECKING:
    # These load the libraries that `engage --help` does without.
    from engage.app.app import App
    from engage.domain.triggers import Trigger

DaysOption = Annotated[int, typer.Option("--days", help="Over how many of the last days.")]


def check(
    what: Annotated[
        str, typer.Argument(help="A trigger's name, or a condition as in settings.toml.")
    ],
    subject: Annotated[
        Subject | None,
        typer.Option(help="Of a condition: session, interaction, person or appointment."),
    ] = None,
    days: DaysOption = 30,
    project: ProjectOption = None,
    at: AtOption = None,
) -> None:
    """Check that a condition names known columns and does only what a condition may.

    And say how often it held in the last days: one that holds for nearly everybody is told.
    """
    from engage.app.trigger_reach import reach_of
    from engage.app.triggers import check_trigger

    with opened_app(project, at) as app:
        trigger = _trigger(app, what, subject)
        try:
            check_trigger(app, trigger)
        except PredicateRefused as error:
            # What was typed is no trigger and has no name.
            words = str(error) if subject is None else str(error).removeprefix("trigger ")
            raise PredicateRefused(words, error.position) from None
        typer.echo("the condition is sound")
        found = reach_of(app, trigger, days)
    if found is not None:
        typer.echo(f"in the last {'day' if days == 1 else f'{days} days'} {found.words}")
    if found is not None and found.nearly_everybody:
        typer.echo("WARNING  that is nearly everybody, so it singles nobody out; narrow it")


def _trigger(app: App, what: str, subject: Subject | None) -> Trigger:
    """Return the trigger that is meant, or a condition as one."""
    from datetime import timedelta

    from engage.app.previewing import to_be_tried
    from engage.domain.triggers import Trigger

    if subject is not None:
        return Trigger("the condition", subject, what, (), "", timedelta(days=1))
    try:
        return to_be_tried(app, what)
    except WrongUse as error:
        raise WrongUse(f"{error}; of a condition say what it watches: --subject session") from None


def preview(
    name: Annotated[str, typer.Argument(help="The trigger's name.")],
    days: DaysOption = 30,
    version: Annotated[
        int | None,
        typer.Option(help="Which; by default the one that waits, else the one in force."),
    ] = None,
    project: ProjectOption = None,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a trigger would have done in the last days, before it is live; nothing is stored.

    For whom it fires, who would qualify, be refused and be held out, agents' minutes and cost.
    """
    from engage.app.previewing import preview as previewed

    with opened_app(project, at) as app:
        told = previewed(app, name, days=days, number=version)
        zone = app.zone
    if as_json:
        print_json(told)
        return
    span = " to ".join(f"{told[one].astimezone(zone):%Y-%m-%d %H:%M}" for one in ("from", "to"))
    typer.echo(f"{name}, version {told['version']} ({told['state']}), over {days} days: {span}")
    _print(told)


def _print(told: dict[str, Any]) -> None:
    held, currency = told["held_out"], told["currency"]
    typer.echo(
        f"It fires for {told['fired']} of {told['looked_at']} {told['subject']}, "
        f"of {told['people_fired']} people."
    )
    typer.echo(
        f"{told['qualified']} people qualify ({told['decisions']} decisions): {held['global']} are "
        f"held out of everything, {held['trigger']} of this trigger, {told['treated']} are treated."
    )
    refused = [(told["reasons"][one], n) for one, n in told["refused"].items()]
    if refused:
        print_table("Refused, people who never qualified", ("why", "people"), refused)
    if told["actions"]:
        columns = ("action", "expected", "queue", "agent minutes", "cost")
        rows = [
            (
                *(one[key] for key in ("action", "expected", "queue", "agent_minutes")),
                money(one["cost_minor"], currency),
            )
            for one in told["actions"]
        ]
        print_table("Expected of the treated", columns, rows)
    for queue, minutes in told["queues"].items():
        typer.echo(
            f"{queue}: {minutes['agent_minutes']:.0f} agent minutes, of {minutes['free']:.0f} that "
            "are free for offers in so many days"
        )
    typer.echo(f"Cost: {money(told['cost_minor'], currency)}, agents aside.")
    for words in told["warnings"]:
        typer.echo(f"WARNING  {words}")
    typer.echo("What this rests on:")
    for words in told["rests_on"]:
        typer.echo(f"- {words}")


def register(group: typer.Typer) -> None:
    """Add the commands that try triggers out."""
    for command in (check, preview):
        group.command()(command)
