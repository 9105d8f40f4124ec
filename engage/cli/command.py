"""All commands together, and what becomes of an error."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated, Any, cast

import typer
from typer.exceptions import TyperException

from engage import __version__
from engage.cli import (
    agents,
    contact_policy,
    database,
    decisions,
    demo,
    imports,
    jobs,
    models,
    people,
    projects,
    replies,
    reports,
    safety,
    triggers,
)
from engage.errors import EngageError, WrongUse

INTERRUPTED = 130


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"engage {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="engage",
    help="Finds customers about to be lost, offers the one thing worth offering, "
    "and proves what it changed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)


@app.callback()
def _engage(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Show the version and end."
        ),
    ] = False,
) -> None:
    pass


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
    replies,
    contact_policy,
    safety,
    agents,
    database,
):
    group.register(app)


def main() -> None:
    """Run one command; an error that a person can mend becomes one clear line and an exit code.

    0 done, 1 done but something was refused or quarantined, 2 wrong use or settings, 3 failed.
    """
    sys.exit(_run() or 0)


def _run() -> int | None:
    try:
        code: int | None = app(standalone_mode=False)
    except EngageError as error:
        typer.echo(f"engage: {error}", err=True)
        return error.exit_code
    except TyperException as error:
        # Every one of Typer's own shows itself, usage first; only their common base does not say so.
        cast("Any", error).show()
        return WrongUse.exit_code
    except Exception:  # noqa: BLE001 - a fault of ours: told in full, and never as "refused", which is 1
        traceback.print_exc()
        return EngageError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    if code == INTERRUPTED:
        typer.echo("engage: stopped; what was finished is kept, the rest was not begun", err=True)
    return code
