"""A fresh project folder, copied from the one that ships with Engage."""

from __future__ import annotations

import shutil
from pathlib import Path

from engage.errors import WrongUse

_PARTS = ("models", "jobs", "settings.toml")


def shipped_project() -> Path:
    """Return the folder that holds the default project: inside the wheel, or the checkout's own."""
    inside = Path(__file__).parent / "_project"
    return inside if inside.is_dir() else Path(__file__).parent.parent


def begin_project(folder: Path) -> None:
    """Copy models, jobs and settings into `folder`; refuses to overwrite anything."""
    try:
        _copy_into(folder)
    except OSError as error:
        raise WrongUse(
            f"{folder}: no project can be begun there ({error.strerror}); choose another folder"
        ) from error


def _copy_into(folder: Path) -> None:
    taken = [part for part in _PARTS if (folder / part).exists()]
    if taken:
        raise WrongUse(f"{folder} already holds {', '.join(taken)}; choose an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    source = shipped_project()
    for part in _PARTS:
        origin = source / part
        if origin.is_dir():
            skip = shutil.ignore_patterns("__pycache__")
            shutil.copytree(origin, folder / part, ignore=skip)
        else:
            shutil.copy2(origin, folder / part)
