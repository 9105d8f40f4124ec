"""People: everything that is known about one of them."""

from __future__ import annotations

from typing import Annotated

import typer

from engage.cli.opening import opened_app
from engage.cli.output import ProjectOption, print_json

people = typer.Typer(help="What is known about a person.", no_args_is_help=True)


@people.command("show")
def show(
    person: Annotated[
        str, typer.Argument(help="Your own number of the person, or our id (per_...).")
    ],
    project: ProjectOption = None,
) -> None:
    """Show a person's rows in every relation; numbers and addresses stay hidden."""
    from engage.app.persons import show_person

    with opened_app(project) as app:
        print_json(show_person(app, person))


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(people, name="people")
