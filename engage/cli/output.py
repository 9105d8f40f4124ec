"""How commands print: a table for people, JSON for programs, numbers in people's units."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

ProjectOption = Annotated[
    Path | None,
    typer.Option("--project", "-p", help="The project folder; by default the one you are in."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

_ANY_WIDTH = 100_000


def print_json(value: Any) -> None:
    """Print a value as JSON; moments as ISO text, not-a-number and infinity as null."""
    typer.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their column names; nothing is cut short.

    What does not fit the terminal goes on below; in a file or a pipe each row has one line.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table

    heads = (Column(name, overflow="fold") for name in columns)
    table = Table(*heads, title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(words(cell) for cell in row))
    # What people wrote is shown as it stands: [words in brackets] and :words: are no markup.
    console = Console(markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _ANY_WIDTH
    console.print(table)


def words(value: object) -> str:
    """Return a cell as people read it."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.4g}"
    if isinstance(value, (list, tuple, set)):
        return ", ".join(words(one) for one in value)
    return str(value)


def money(minor: float | None, currency: str) -> str:
    """Return an amount of minor units in the currency's own unit."""
    return "-" if minor is None or math.isnan(minor) else f"{minor / 100:,.2f} {currency}"


def plain(value: Any) -> Any:
    """Return a value as JSON knows it."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "item"):
        return plain(value.item())
    return value
