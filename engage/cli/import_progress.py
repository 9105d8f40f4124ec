"""How far an import is, and how it goes on when somebody stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer


@contextmanager
def going_on(*, dry_run: bool) -> Iterator[None]:
    """Say to whoever stops an import with Ctrl-C that nothing has to be mended."""
    try:
        yield
    except KeyboardInterrupt:
        if not dry_run:
            typer.echo("Give the same command again, and it goes on where it stopped.", err=True)
        raise


@contextmanager
def progress_of(file: Path, *, quiet: bool) -> Iterator[Callable[[int, int, int], None]]:
    """Show how many bytes of the file are done, on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )
    hidden = quiet or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bars:
        task = bars.add_task(file.name, total=None, rows=0)

        def tell(done: int, size: int, rows: int) -> None:
            bars.update(task, completed=done, total=size, rows=rows)

        yield tell
