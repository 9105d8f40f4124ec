"""What agents are doing right now: told by the telephone system, asked by people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json, print_table

group = typer.Typer(help="See and tell what agents are doing right now.", no_args_is_help=True)

_At = Annotated[
    datetime | None,
    typer.Option(
        help="When that was seen, in UTC; now if left out.", formats=["%Y-%m-%dT%H:%M:%S"]
    ),
]


@group.command("set")
def tell(
    queue: Annotated[str, typer.Argument(help="The queue, as settings.toml calls it.")],
    free: Annotated[int, typer.Option(help="How many could take a contact at once.")],
    busy: Annotated[int, typer.Option(help="How many are in a contact.")] = 0,
    wrap: Annotated[int, typer.Option(help="How many are writing one up.")] = 0,
    at: _At = None,
    project: ProjectOption = None,
) -> None:
    """Tell how many agents of a queue are free: only then is a chat or call offered at once."""
    from datetime import UTC

    from engage.app import agents

    seen = None if at is None else at.replace(tzinfo=UTC)
    with opened_app(project) as app:
        new = agents.tell(app, queue, free=free, busy=busy, wrap=wrap, at=seen)
        lasting = agents.life(app).total_seconds()
    told = f"counts for {lasting:g} seconds" if new else "is not used: something newer is known"
    typer.echo(f"{queue}: {free} free, {busy} busy, {wrap} writing up; this {told}")


@group.command("show")
def show(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show what was told last of each queue, and whether it still counts."""
    from dataclasses import asdict

    from engage.app import agents

    with opened_app(project) as app, app.store.read() as tx:
        now, lasting = app.now(), agents.life(app)
        rows = [
            asdict(one) | {"counts": one.fresh(now, lasting)}
            for one in agents.told(app, tx).values()
        ]
    if as_json:
        print_json(rows)
    else:
        heads = ("queue", "free", "busy", "wrap", "at", "counts")
        shown = ([*list(row.values())[:-1], "yes" if row["counts"] else "no"] for row in rows)
        print_table("agents", heads, shown)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(group, name="agents")
