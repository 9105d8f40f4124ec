from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.generate import FOLDER, PAGES, ROOT, command_tree

WRITTEN = sorted(
    page for page in [*ROOT.glob("*.md"), *FOLDER.rglob("*.md")] if "var" not in page.parts
)
_LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)")
_BLOCK = re.compile(r"^ *```(?:sh|bash|console)?\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`((?:engage|make) [^`]+)`")


def of(pages: list[Path]) -> list[object]:
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages]


def commands_in(page: Path) -> Iterator[str]:
    """Yield every engage and make command that a page tells the reader to type."""
    text = page.read_text()
    lines = [line for block in _BLOCK.findall(text) for line in block.splitlines()]
    for line in [*lines, *_INLINE.findall(text)]:
        for part in re.split(r"&&|\|\s|;", line.partition(" #")[0]):
            words = part.strip().removeprefix("$ ").removeprefix(".venv/bin/")
            if words.startswith(("engage ", "make ")):
                yield words


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_that_follows_from_the_code_is_current(name: str) -> None:
    assert (FOLDER / name).read_text() == PAGES[name](), "run `make fix`"


def test_every_reason_stands_on_its_page() -> None:
    from engage.domain.reasons import Reason

    page = (FOLDER / "reasons.md").read_text()
    for reason in Reason:
        assert f"| `{reason}` | {reason.sentence} |" in page


def test_everything_that_a_query_may_read_is_in_the_data_dictionary() -> None:
    from engage.domain.catalog import IMPORTABLE, QUERYABLE
    from engage.features.engines.duckdb import DuckEngine
    from engage.features.schema import SUBJECTS
    from engage.features.views import NAMES

    page = (FOLDER / "data.md").read_text()
    for name, relation in {**QUERYABLE, **IMPORTABLE}.items():
        text = page.partition(f"## `{name}`\n")[2].partition("\n## ")[0]
        assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(relation.column_names)
        assert not re.search(r"\| *\|$", text, re.MULTILINE), f"{name}: a column without meaning"
    for name in (*SUBJECTS.names, *NAMES):
        assert f"| `{name}` |" in page, name
    with DuckEngine({}) as engine:
        ours = "SELECT function_name FROM duckdb_functions() WHERE NOT internal"
        functions = engine.table(ours)["function_name"].to_pylist()
    assert functions
    for name in functions:
        assert f"| `{name}(" in page, name


def test_every_definition_of_the_project_is_documented() -> None:
    for kind in ("jobs", "models"):
        page = (FOLDER / f"{kind}.md").read_text()
        for definition in (ROOT / kind).glob("*.py"):
            assert f"`{definition.stem}`" in page, definition


@pytest.mark.parametrize("page", of(WRITTEN))
def test_every_command_a_page_names_exists(page: Path) -> None:
    known = {path for path, _ in command_tree()}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in commands_in(page):
        program, *words = shlex.split(line.replace("…", "").replace("...", ""))
        if program == "make":
            assert {w for w in words if "=" not in w and w.islower()} <= targets, line
        else:
            named = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
            starts = {" ".join(["engage", *named[:n]]) for n in range(1, len(named) + 1)}
            assert starts & known or not named, line


@pytest.mark.parametrize("page", of(WRITTEN))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_map_in_the_readme_names_every_folder() -> None:
    readme = (ROOT / "README.md").read_text()
    packages = sorted(init.parent.name for init in (ROOT / "engage").glob("*/__init__.py"))
    top = [f"{folder.name}/" for folder in ROOT.iterdir() if _is_ours(folder)]
    for name in [*(f"{one}/" for one in packages), *top]:
        assert name in readme, f"{name} is missing from the map"


def _is_ours(folder: Path) -> bool:
    hidden = folder.name.startswith((".", "_"))
    return folder.is_dir() and not hidden and folder.name not in {"var", "dist", "build"}


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    record = (FOLDER / "decisions" / "0002-dependencies.md").read_text()
    named = set(re.findall(r"^\| `([^`]+)` \|", record, re.MULTILINE))
    assert {re.split(r"[<>=\[]", one)[0] for one in wanted} == named


def test_the_lock_holds_every_dependency_with_hashes_and_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["dev"],
        *project["build-system"]["requires"],
    ]
    locked = set(re.findall(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==", lock, re.MULTILINE))
    assert {re.split(r"[<>=\[]", one)[0].lower() for one in wanted} <= locked
    assert "://" not in lock
    assert lock.count("==") <= lock.count("--hash=sha256:")


@pytest.mark.parametrize("page", of(sorted((FOLDER / "decisions").glob("*.md"))))
def test_a_decision_says_what_was_decided_why_and_what_else_there_was(page: Path) -> None:
    text = page.read_text()
    assert re.match(r"# \d{4} [A-Z]", text), "begin with its number and name"
    for heading in ("## Decision", "## Why", "## Considered"):
        assert heading in text, heading
