"""A project's life: begin one, look at its settings, check that it is sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engage.cli.opening import opened, opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json


def init(
    folder: Annotated[Path, typer.Argument(help="Where the new project goes.")],
) -> None:
    """Begin a project: copy models, jobs and settings into a folder of your own."""
    from engage.starting import begin_project

    begin_project(folder)
    typer.echo(
        f"a new project is in {folder}; next: cd {folder}, engage doctor, engage import --help"
    )


def settings(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show every setting that is in force, with unit and meaning; secrets are masked."""
    import os

    from engage import settings as settings_module
    from engage.project import checked_settings, find_folder

    root = find_folder(project)
    in_force = checked_settings(root, os.environ)
    rows = settings_module.in_force(in_force, settings_module.Secrets.from_environ(os.environ))
    if as_json:
        print_json([dict(zip(_SETTING, row, strict=True)) for row in rows])
        return
    typer.echo(f"Settings in force in {root}; those with a * are not the default")
    for row in rows:
        unit = f" ({row.unit})" if row.unit else ""
        told = f"{' ' if row.is_default else '*'} {row.key} = {row.value}"
        typer.echo(f"{told:<{_BESIDE}}  # {row.meaning}{unit}")


_BESIDE = 48
_SETTING = ("key", "value", "is_default", "unit", "meaning")


def verify(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Check everything that must always be true; exit with 1 when something is not."""
    from engage.invariants import broken

    with opened_app(project) as app:
        found = broken(app)
    if as_json:
        print_json(found)
    else:
        for name, breaches in found.items():
            typer.echo(f"{'ok    ' if not breaches else 'BROKEN'}  {name}")
            for breach in breaches[:10]:
                typer.echo(f"        {breach}")
    if any(found.values()):
        raise typer.Exit(1)


def doctor(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Look at what keeps an installation from its work, and say what to do; 1 when it is broken."""
    from dataclasses import asdict
    from datetime import timedelta

    from engage.app.checkup import check_up
    from engage.app.definitions import actions_of, goals_of, triggers_of

    with opened(project) as one:
        app = one.app
        written = triggers_of(app.settings, goals_of(app.settings), actions_of(app.settings))
        # Whoever runs every second may be between two runs just now.
        then = app.now() - timedelta(minutes=5)
        due = {name: job.due(then, app.zone) for name, job in one.jobs.items()}
        found = check_up(app, written, due)
    if as_json:
        print_json([asdict(finding) for finding in found])
    else:
        for finding in found:
            typer.echo(f"{finding.level:<6}  {finding.about}: {finding.says}")
            if finding.remedy:
                typer.echo(f"        {finding.remedy}")
    if any(finding.level == "broken" for finding in found):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(init)
    app.command()(settings)
    app.command()(verify)
    app.command()(doctor)
