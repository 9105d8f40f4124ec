"""The database and the history: bring them up to date, see what they hold."""

from __future__ import annotations

import typer

from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json, print_table

db = typer.Typer(help="The database.", no_args_is_help=True)
history = typer.Typer(help="The Parquet history.", no_args_is_help=True)


@db.command("upgrade")
def upgrade(project: ProjectOption = None) -> None:
    """Bring the database to this version of Engage."""
    with opened_app(project) as app:
        typer.echo(f"the database ({app.store.dialect}) is up to date")


@history.command("status")
def status(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show how many rows of each relation are hot and how many are archived."""
    from engage.app.archiving import status_of

    with opened_app(project) as app:
        rows = status_of(app)
    if as_json:
        print_json(rows)
    else:
        print_table(
            "History", ("relation", "hot", "archived", "files"), [list(r.values()) for r in rows]
        )


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(db, name="db")
    app.add_typer(history, name="history")
