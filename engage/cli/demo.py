"""The demonstration: a simulated bank lives through the same jobs on a moving clock."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demonstration's project goes.")] = Path(
        "var/demo"
    ),
    people: Annotated[int, typer.Option(min=100, help="How many customers the bank has.")] = 200,
    weeks: Annotated[int, typer.Option(min=1, help="Weeks of live operation.")] = 3,
    seed: Annotated[int, typer.Option(help="Seed of the simulated bank.")] = 1,
    nasty: Annotated[
        bool, typer.Option("--nasty", help="Give the bank every trouble of a real one.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
) -> None:
    """Let a simulated bank run for some weeks and show what Engage changed, beside the truth."""
    import json

    from engage.cli.demo_run import run_demo
    from engage.cli.demo_summary import summary
    from engage.cli.output import plain

    try:
        result = run_demo(folder, people=people, weeks=weeks, seed=seed, nasty=nasty)
    except KeyboardInterrupt:
        typer.echo(
            f"{folder} holds a bank whose weeks were cut short: nothing in it is to be believed. "
            "`engage demo` begins anew.",
            err=True,
        )
        raise
    for line in summary(result):
        typer.echo(line)
    if json_file is not None:
        json_file.write_text(json.dumps(plain(result.as_dict()), indent=2))
        typer.echo(f"written to {json_file}")


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(demo)
