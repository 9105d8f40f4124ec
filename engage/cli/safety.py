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
    from engage.app.delivering import set_killswitch

    if state not in ("on", "off"):
        raise typer.BadParameter("say on or off")
    with opened_app(project) as app:
        set_killswitch(app, on=state == "on")
    typer.echo("nothing goes out now" if state == "on" else "messages and calls go out again")


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(killswitch)
