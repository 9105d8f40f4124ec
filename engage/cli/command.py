"""All commands together, and what becomes of an error."""

from __future__ import annotations

import sys

import click
import typer

from engage.cli import (
    database,
    decisions,
    demo,
    imports,
    jobs,
    models,
    people,
    projects,
    reports,
    safety,
    triggers,
)
from engage.errors import EngageError

INTERRUPTED = 130

app = typer.Typer(
    name="engage",
    help="Finds customers about to be lost, offers the one thing worth offering, "
    "and proves what it changed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
for group in (
    projects,
    demo,
    imports,
    jobs,
    models,
    triggers,
    decisions,
    reports,
    people,
    safety,
    database,
):
    group.register(app)


def main() -> None:
    """Run one command; an error that a person can mend becomes one clear line and an exit code.

    0 done, 1 done but something was refused or quarantined, 2 wrong use or settings, 3 failed.
    """
    try:
        code = app(standalone_mode=False)
    except EngageError as error:
        typer.echo(f"engage: {error}", err=True)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        typer.echo("engage: stopped; what was finished is kept, the rest was not begun", err=True)
        code = INTERRUPTED
    sys.exit(code or 0)
