"""Draws docs/demo.svg from what a demonstration printed: `python -m docs.picture SUMMARY.txt`.

The picture is the real ending of a real run: progress bars and the project's folder are left out,
long lines are wrapped, and nothing else is changed. It needs no font and no file of another host.
"""

from __future__ import annotations

import io
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).resolve().parent / "demo.svg"
COLUMNS = 116
_PROGRESS = "━"
_END = "The project is in "
_TOPIC = re.compile(r"[A-Z]\w+(?=   )")
_TRIGGER = re.compile(r"  [a-z]+(_[a-z]+)+(?=\s|$)")
_FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def draw(summary: str) -> str:
    """Return the SVG picture of a terminal in which `make demo` ended with this summary."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor")
    console.print(Text("$ make demo", style="bold"))
    for line in _wrapped(_ending(summary.splitlines())):
        console.print(_coloured(line))
    return console.export_svg(title="make demo", code_format=_FORMAT)


def _ending(lines: Iterable[str]) -> Iterator[str]:
    """Yield the summary's lines, without progress bars and without what to try next."""
    for line in lines:
        if line.startswith(_END):
            return
        if _PROGRESS not in line:
            yield line.rstrip()


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        margin = " " * (len(line) - len(line.lstrip()))
        yield from textwrap.wrap(line, COLUMNS, subsequent_indent=margin) or [""]


def _coloured(line: str) -> Text:
    """Return a line with what the eye looks for made to stand out."""
    text = Text(line)
    topic, trigger = _TOPIC.match(line), _TRIGGER.match(line)
    if topic:
        text.stylize("bold cyan", 0, topic.end())
    elif trigger:
        text.stylize("bold", 0, trigger.end())
    elif line and not line.startswith(" "):
        text.stylize("bold green")
    return text


def main(arguments: list[str]) -> None:
    """Draw the picture from the file that is named, or from what is piped in."""
    summary = Path(arguments[0]).read_text(encoding="utf-8") if arguments else sys.stdin.read()
    PICTURE.write_text(draw(summary), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
