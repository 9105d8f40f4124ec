"""The README's table "Where do I change…?": every place it names is there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest

from docs.generate import FOLDER, ROOT, command_tree


def places() -> Iterator[tuple[str, str]]:
    """Yield (question, place) for each row of the README's table of where to change what."""
    readme = (ROOT / "README.md").read_text()
    table = readme.partition("## Where do I change")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", table, re.MULTILINE)
    yield from rows[1:]


def keys_by_table() -> dict[str, set[str]]:
    """Return the keys on the settings' page by the table they stand in."""
    page = (FOLDER / "settings.md").read_text()
    parts = re.split(r"^## `\[(.+)\]`$", page, flags=re.MULTILINE)[1:]
    texts = zip(parts[::2], parts[1::2], strict=True)
    return {table: set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) for table, text in texts}


@pytest.mark.parametrize(("question", "place"), [pytest.param(*one, id=one[0]) for one in places()])
def test_every_place_to_change_something_exists(question: str, place: str) -> None:
    known, commands, table, found = keys_by_table(), {p for p, _ in command_tree()}, "", 0
    for named in re.findall(r"`([^`]+)`", place):
        if named.startswith("["):
            table = named.strip("[]")
            table = table if table in known else f"{table}.NAME"
            assert table in known, named
        elif named.startswith("engage "):
            assert named in commands, named
        elif named.startswith("ENGAGE_"):
            assert f"| `{named}` |" in (FOLDER / "settings.md").read_text(), named
        elif re.fullmatch("[a-z_0-9]+", named):
            assert named in known[table], f"[{table}] {named}"
        else:
            regions = tomllib.loads((ROOT / "settings.toml").read_text())["policy"]["regions"]
            assert named in regions, named
        found += 1
    assert found or "](docs/" in place, question


def test_the_table_answers_what_newcomers_ask() -> None:
    questions = " ".join(question for question, _ in places())
    for asked in (
        "hours of one state", "left alone", "wording", "agents work", "a job runs", "columns",
        "goal of a journey", "how long rows", "secrets", "logged", "never be contacted",
    ):  # fmt: skip
        assert asked in questions, asked
