"""Look at the imported rows that could not be used, and read them again by a mended mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engage.cli.import_report import SOMETHING_SET_ASIDE, as_json_object, show
from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json, print_table

quarantine = typer.Typer(help="Imported rows that could not be used.", no_args_is_help=True)


@quarantine.command("list")
def list_rows(
    kind: Annotated[str, typer.Option(help="Only rows of this kind.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 50,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the rows that were set aside: file, line and reason; --json adds what the row held."""
    from engage.store import quarantine as held

    with opened_app(project) as app, app.store.read() as tx:
        rows = held.read(tx, kind=kind or None, limit=limit).to_pylist()
    shown = ("kind", "file", "line", "reason")
    if as_json:
        print_json([{name: row[name] for name in ("import_id", *shown, "raw")} for row in rows])
    elif rows:
        cells = [[row["import_id"][:12], *(row[name] for name in shown)] for row in rows]
        print_table("Quarantine", ["import", *shown], cells)
    else:
        typer.echo("nothing waits in quarantine")


@quarantine.command("retry")
def retry_rows(
    import_id: Annotated[
        str,
        typer.Argument(
            metavar="IMPORT", help="The import, or the beginning of its name as the list shows it."
        ),
    ],
    map_file: Annotated[
        Path | None,
        typer.Option("--map", help="The mended mapping; without one the import's own is used."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would come in, and store nothing.")
    ] = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read an import's rows in quarantine again; what is good now comes in, the rest waits on."""
    from engage.app.intake_retry import import_named, retry
    from engage.collect.mapping_file import load

    with opened_app(project) as app:
        found = import_named(app.store, import_id)
        mapping = load(map_file, found.kind) if map_file else None
        report = retry(
            app.store,
            found,
            mapping,
            now=app.now(),
            dry_run=dry_run,
            queues=list(app.settings.queues),
        )
    if as_json:
        print_json(as_json_object(report))
    else:
        show(report)
    if report.quarantined:
        raise typer.Exit(SOMETHING_SET_ASIDE)
