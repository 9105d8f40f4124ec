"""A benchmark's project folder, worked on by Engage's public commands alone."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DATA = ROOT.parent / "shared" / "data"
WORK = ROOT / "var" / "benchmarks"
ENGAGE = Path(sys.executable).with_name("engage")


class CommandFailed(Exception):
    """A command ended with an exit code that the benchmark did not expect."""


@dataclass
class Project:
    """A fresh folder with the settings and models of `projects/NAME`; keeps what was run in it."""

    name: str
    commands: list[str] = field(default_factory=list)
    """The commands so far, as somebody would type them in the project's folder."""

    @property
    def folder(self) -> Path:
        """Return where the project is worked on; emptied at each start."""
        return WORK / self.name

    def begin(self) -> None:
        """Copy the default project, then put this benchmark's settings and models in its place."""
        origin = HERE / "projects" / self.name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._run("init", str(self.folder), shown=f"engage init {self.name}")
        shutil.rmtree(self.folder / "models")
        (self.folder / "models").mkdir()
        for part in ("mappings", "models"):
            if (origin / part).is_dir():
                shutil.copytree(origin / part, self.folder / part, dirs_exist_ok=True)
        shutil.copy2(origin / "settings.toml", self.folder / "settings.toml")

    def bring(self, kind: str, file: Path, mapping: str) -> Mapping[str, Any]:
        """Import a file by the project's mapping of this name; return the report of it."""
        found = self.told(
            "import", kind, str(file), "--map", f"mappings/{mapping}.toml", allow=(0,)
        )
        report: Mapping[str, Any] = found[0]
        return report

    def told(self, *arguments: str, allow: tuple[int, ...] = (0, 1)) -> Any:
        """Run a command and return what it prints as JSON."""
        return json.loads(self._run(*arguments, "--json", allow=allow))

    def _run(self, *arguments: str, shown: str = "", allow: tuple[int, ...] = (0,)) -> str:
        """Run a command in the project's folder; 1 means that something was refused.

        The key is the same each time, so that the same people are held out and figures can be had
        again; it protects nobody, as the files are public.
        """
        self.commands.append(shown or f"engage {shlex.join(_without_folders(arguments))}")
        done = subprocess.run(
            [ENGAGE, *arguments],
            env={**os.environ, "ENGAGE_SECRET": f"the made-up customers of {self.name}"},
            cwd=self.folder if self.folder.is_dir() else WORK,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in allow:
            raise CommandFailed(
                f"{self.name}: `{self.commands[-1]}` ended with {done.returncode}: "
                f"{done.stderr.strip() or done.stdout.strip()[-2000:]}"
            )
        return done.stdout


def _without_folders(arguments: tuple[str, ...]) -> Iterator[str]:
    """Yield the arguments with the folders of this machine left out."""
    for one in arguments:
        yield Path(one).name if one.startswith("/") else one
