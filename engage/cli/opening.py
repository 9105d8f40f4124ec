"""A project opened for one command, and closed when it ends, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # These load the libraries that `engage --help` does without.
    from engage.app.app import App
    from engage.project import Project


@contextmanager
def opened(folder: Path | None, at: datetime | None = None) -> Iterator[Project]:
    """Open a project, acting as if it were the moment `at`, and give its connections back."""
    from engage.clock import MovingClock
    from engage.project import open_project

    project = open_project(folder, clock=MovingClock(at) if at else None)
    try:
        yield project
    finally:
        project.app.store.close()


@contextmanager
def opened_app(folder: Path | None, at: datetime | None = None) -> Iterator[App]:
    """Open a project and yield its application alone."""
    with opened(folder, at) as project:
        yield project.app
