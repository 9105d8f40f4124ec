"""Reads the recipes of README.md, so that what a test does is what the page says."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_DO = re.compile(
    r"""
    (?P<how>Write|Append\ to)\ `(?P<file>[^`]+)`[^`]*?\n\ *```\w+\n(?P<text>.*?)\n\ *```
    | [Cc]hange\ `(?P<old>[^`]+)`\ to\ `(?P<new>[^`]+)`\s+in\s+`(?P<where>[^`]+)`
    | [Aa]dd\ `(?P<line>[^`]+)`\ to\ `(?P<name>\w+)`\s+in\s+`(?P<place>[^`]+)`
    | ```sh\n(?P<script>.*?)\n\ *```
    | `(?P<command>(?:engage|make)\ [^`]+)`
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Step:
    """One thing that a recipe says to do: a file to write or to extend, or a command."""

    file: str = ""
    text: str = ""
    append: bool = False
    within: str = ""
    """The class or set that `text` is added to."""
    instead: str = ""
    """What `text` takes the place of."""
    command: str = ""

    def write(self, folder: Path) -> None:
        """Do to the files of a folder what the step says."""
        path = folder / self.file
        if self.instead:
            assert path.read_text().count(self.instead) == 1, f"{self.instead} is not there once"
            path.write_text(path.read_text().replace(self.instead, self.text))
        elif self.within:
            path.write_text(_with_line(path.read_text(), self.within, self.text))
        elif self.append:
            path.write_text(f"{path.read_text()}\n{self.text}")
        else:
            assert not path.exists(), f"{path} is there already"
            path.write_text(self.text)


def section(page: str, title: str) -> str:
    """Return what stands under a heading of the third level."""
    found = re.search(rf"^### {title}\n(.*?)(?=^##)", page, re.DOTALL | re.MULTILINE)
    assert found, f"there is no recipe {title!r}"
    return found[1]


def steps(recipe: str) -> Iterator[Step]:
    """Yield what a recipe says to do, in order."""
    for found in _DO.finditer(recipe):
        if found["file"]:
            text = textwrap.dedent(found["text"]) + "\n"
            yield Step(found["file"], text, append=found["how"] != "Write")
        elif found["old"]:
            yield Step(found["where"], found["new"], instead=found["old"])
        elif found["line"]:
            yield Step(found["place"], found["line"], within=found["name"])
        else:
            lines = found["script"] or found["command"]
            yield from (Step(command=line.strip()) for line in lines.splitlines())


def _with_line(program: str, name: str, line: str) -> str:
    """Return a program with a line at the end of a class, or a member more in a set."""
    members = re.search(rf"^{name} = frozenset\(\{{[^}}]*", program, re.MULTILINE)
    if members:
        return f"{program[: members.end()]}, {line}{program[members.end() :]}"
    body = re.search(rf"^class {name}\(.*?(?=\n\n\n|\n\Z)", program, re.DOTALL | re.MULTILINE)
    assert body, f"there is no {name}"
    return f"{program[: body.end()]}\n    {line}{program[body.end() :]}"
