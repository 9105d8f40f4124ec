"""What Engage changed: recoveries, margin and customer value, against the held-out group."""

from __future__ import annotations

import typer

from engage.cli.moments import AtOption
from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json


def report(project: ProjectOption = None, at: AtOption = None, as_json: JsonOption = False) -> None:
    """Show each trigger's effect with its interval, for windows that have run their course."""
    from engage.app.effects import build_report
    from engage.app.wording import report_lines

    with opened_app(project, at) as app:
        found = build_report(app)
    if as_json:
        print_json(found)
    else:
        for line in report_lines(found, app.settings.project.currency):
            typer.echo(line)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(report)
