"""Read what customers wrote and no rule understood, and say what it means."""

from __future__ import annotations

from typing import Annotated

import typer

from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json, print_table

replies = typer.Typer(help="What customers wrote back.", no_args_is_help=True)


@replies.command("list")
def list_replies(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show the messages that somebody must read; the senders of `unsure` get nothing meanwhile."""
    from engage.app.replies import waiting

    with opened_app(project) as app:
        found = waiting(app)
    if as_json:
        print_json(found)
    elif found:
        shown = ("reply_id", "received_at", "meaning", "body")
        cells = [[str(row[name]) for name in shown] for row in found]
        print_table("To be read", ["message", "received", "taken for", "text"], cells)
    else:
        typer.echo("nothing waits to be read")


@replies.command("judge")
def judge_reply(
    message: Annotated[str, typer.Argument(help="The message, as the list shows it.")],
    verdict: Annotated[str, typer.Argument(help="stop: leave them alone. other: go on as before.")],
    by: Annotated[str, typer.Option(help="Who has read it.")],
    project: ProjectOption = None,
) -> None:
    """Say what a message means: `stop` makes a stop of it, `other` takes a precaution back."""
    from engage.app.replies import judge

    with opened_app(project) as app:
        judge(app, message, verdict, by)
    typer.echo("they are left alone" if verdict == "stop" else "it was not a stop")


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(replies, name="replies")
