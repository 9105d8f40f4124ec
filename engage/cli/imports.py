"""Bring in files of any shape, and look at the rows that could not be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engage.cli.output import JsonOption, ProjectOption, print_json, print_table

if TYPE_CHECKING:
    # These load Arrow and pandas: named here, imported where they are used.
    from engage.app.imported import ImportReport
    from engage.collect.mapping import Mapping

SOMETHING_SET_ASIDE = 1

quarantine = typer.Typer(help="Imported rows that could not be used.", no_args_is_help=True)


def import_command(
    kind: Annotated[
        str,
        typer.Argument(
            help="people, events, interactions, transactions, appointments, decisions, outcomes "
            "or exclusions."
        ),
    ],
    files: Annotated[
        list[Path], typer.Argument(help="CSV, JSON lines or Parquet, gzipped or not.")
    ],
    mapping: Annotated[
        Path | None,
        typer.Option("--map", help="The mapping file; without one the column names are guessed."),
    ] = None,
    source: Annotated[
        str, typer.Option(help="The word that keeps these rows apart from other systems'.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would come in, and store nothing.")
    ] = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring in files; importing one twice changes nothing, bad rows wait in quarantine."""
    with _shown(as_json) as show:
        for file in files:
            found = _examined(kind, file, mapping, source, show)
            report = _preview(file, found) if dry_run else _import(kind, file, found, project)
            show(report)


if TYPE_CHECKING:
    from engage.app.intake import Progress
