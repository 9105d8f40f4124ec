"""The moment that a command acts as of: `--at`, and what it is taken for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from engage.clock import as_utc


def moment(text: str) -> datetime:
    """Return the moment that somebody wrote, in UTC; say which it is where no offset was given."""
    try:
        written = datetime.fromisoformat(text)
        taken = as_utc(written)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text!r} is no moment; write one as 2026-03-03T09:56:30, which is UTC, or with an "
            "offset as 2026-03-03T10:56:30+01:00"
        ) from None
    if written.tzinfo is None:
        typer.echo(f"Note: --at is taken as {taken:%Y-%m-%d %H:%M:%S} UTC", err=True)
    return taken


AtOption = Annotated[
    datetime | None,
    typer.Option(
        "--at",
        parser=moment,
        metavar="MOMENT",
        help="Act as if it were this moment, for looking at the past: 2026-03-03T09:56:30 is UTC, "
        "2026-03-03T10:56:30+01:00 says its offset.",
    ),
]
