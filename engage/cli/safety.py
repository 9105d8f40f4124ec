"""Stop everything at once, and start again."""

from __future__ import annotations

from typing import Annotated

import typer

from engage.cli.opening import opened_app
from engage.cli.output import ProjectOption


def killswitch(
    state: Annotated[str, typer.Argument(help="on stops all outbound; off lets it flow again.")],
    project: ProjectOption = None,
) -> None:
    """Stop every message and call at once; what waits is kept."""
    from contextlib import closing

    from engage.app.delivering import set_killswitch
    from engage.clock import SystemClock
    from engage.project import bare_store

    if state not in ("on", "off"):
        raise typer.BadParameter("say on or off")
    with closing(bare_store(project)) as store:
        set_killswitch(store, SystemClock().now(), on=state == "on")
    typer.echo("nothing goes out now" if state == "on" else "messages and calls go out again")


def incident(
    state: Annotated[str, typer.Argument(help="on while something is out of order; off again.")],
    pause: Annotated[
        bool, typer.Option("--pause", help="Offer nothing, instead of call-back slots only.")
    ] = False,
    project: ProjectOption = None,
) -> None:
    """Say that there is an outage: visitors are offered slots only, or nothing, until it is over."""
    from engage.app import incidents

    if state not in ("on", "off"):
        raise typer.BadParameter("say on or off")
    with opened_app(project) as app:
        if state == "on":
            incidents.begin(app, "pause" if pause else "slots", "command line")
            told = "nothing is offered" if pause else "only call-back slots are offered"
        else:
            told = "it is over" if incidents.end(app, "command line") else "there was no incident"
    typer.echo(told)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(killswitch)
    app.command()(incident)
