"""Writes the pages that follow from the code: `python -m docs.generate`, part of `make fix`.

A test compares each page with what this would write, so nothing can be added undocumented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent


def settings() -> str:
    """Return the page of every setting."""
    from engage.settings import reference

    return reference()


def reasons() -> str:
    """Return the page of every reason for not contacting somebody."""
    from engage.domain.reasons import STOPPED, Reason

    return _page(
        "Reasons",
        "Why somebody was not contacted. A refusal is stored with the decision it stopped, once per "
        "change for a person and trigger; `engage explain` shows it in these words.",
        _table(("reason", "in words"), ((f"`{one}`", one.sentence) for one in Reason)),
        "`engage policy check` gives these reasons for every action that may not be taken at the moment it "
        "asks about; `quiet_hours` also where a decision would be made now and its message would wait for "
        "the hours to open. While everything is stopped it says so before them, and it is no refusal of "
        f"one person: *{STOPPED}* `engage killswitch off` lets messages and calls go out again.",
    )


def data() -> str:
    """Return the page of every relation that a query may read or a file may be imported as."""
    from engage.domain.catalog import IMPORTABLE, QUERYABLE

    sections = []
    for name, relation in {**QUERYABLE, **IMPORTABLE}.items():
        uses = [
            *(["features and goals may read it"] if name in QUERYABLE else []),
            *([f"`engage import {name}` fills it"] if name in IMPORTABLE else []),
        ]
        rows = (
            (f"`{c.name}`", c.kind, "yes" if c.required else "", c.meaning)
            for c in relation.columns
        )
        key = ", ".join(f"`{part}`" for part in relation.key)
        sections += [
            f"## `{name}`",
            f"{_sentence(relation.meaning)} {_sentence(', '.join(uses))} Its natural key is {key}.",
            _table(("column", "holds", "needed", "meaning"), rows),
        ]
    sections += _beside_the_relations()
    return _page(
        "Data",
        "The relations of Engage, under the same names in the database, in the history and on every "
        "engine. Times are UTC in microseconds; `known_at` is when Engage learned of a row, and a "
        "score as of a moment sees only rows known by then. Money is in minor units.",
        *sections,
    )


_SUBJECTS = (
    ("subject_id", "id", "the visit, contact, person or appointment that is looked at"),
    ("person_id", "id", "whose it is, as was known at the moment"),
    ("as_of", "time", "the moment; features see what was known by then"),
    ("final_id", "id", "in label queries: who the person turned out to be in the end"),
    ("until", "time", "in label queries: the moment and the model's horizon"),
)
_FUNCTIONS = (
    ("j_text(json, key)", "a value of a JSON column as text, NULL where there is none"),
    ("us(moment)", "a moment as microseconds since 1970, to count with"),
    ("local_ts(moment, zone)", "a moment as the clock in that zone shows it"),
)


def _beside_the_relations() -> list[str]:
    """Return what a model's queries may use besides the relations: subjects, views, functions."""
    from engage.features.views import NAMES, body

    subjects = ((f"`{name}`", kind, meaning) for name, kind, meaning in _SUBJECTS)
    views = ((f"`{name}`", _comment(body(name))) for name in NAMES)
    functions = ((f"`{name}`", meaning) for name, meaning in _FUNCTIONS)
    return [
        "## `subjects`",
        "Who is looked at as of when; a query returns `subject_id`, `as_of` and what it finds.",
        _table(("column", "holds", "meaning"), subjects),
        "## Views",
        "What a model's query may read beside the relations, so that words have one meaning.",
        _table(("view", "holds"), views),
        "## Functions",
        "What a model's query may call beside DuckDB's own functions.",
        _table(("function", "gives"), functions),
    ]


def _comment(sql: str) -> str:
    """Return the comment that a query begins with."""
    lines = takewhile(lambda line: line.startswith("--"), sql.splitlines())
    return " ".join(line.removeprefix("--").strip() for line in lines)


def channels() -> str:
    """Return the page of every way out of the building."""
    from engage.channels.base import discover

    rows = (
        (
            f"`{name}`",
            _first_line(kind.__doc__),
            "waits for the customer's page" if kind.held else "sent by the worker",
            "yes" if kind.repeatable else "no",
        )
        for name, kind in discover().items()
    )
    heads = ("channel", "what it does", "how it leaves", "repeated when the provider never had it")
    return _page(
        "Channels",
        "One file each in `engage/channels/`, held to the laws in `tests/laws/test_channels.py`. "
        "In dry run (`[delivery] dry_run`, the default) nothing leaves: whatever the worker would "
        "send is only recorded.",
        _table(heads, rows),
    )


def jobs() -> str:
    """Return the page of every job of the shipped project."""
    from engage.project import load_jobs
    from engage.settings import Settings

    rows = (
        (
            f"`{name}`",
            job.sentence,
            job.schedule.words(),
            "once for all" if job.catch_up == "once" else "let go",
            _duration(job.deadline),
            ", ".join(f"`{one}`" for one in job.after),
        )
        for name, job in load_jobs(ROOT / "jobs", Settings()).items()
    )
    heads = ("job", "what it does", "when", "missed times", "given up after", "comes after")
    return _page(
        "Jobs",
        "One file each in `jobs/`. Daily times are in the project's zone. Each run is fenced by a "
        "unique row of job and due time, so that no run happens twice; `[jobs.NAME]` in the "
        "settings gives a job another schedule or turns it off.",
        _table(heads, rows),
    )


def models() -> str:
    """Return the page of every model of the shipped project."""
    from engage.project import load_models

    sections = []
    for name, model in load_models(ROOT / "models").items():
        rows = (
            (f"`{f.name}`", f.type, f.meaning, "" if f.mention else "not to customers")
            for f in model.features
        )
        spans = f"horizon {_duration(model.horizon)}, looks back {_duration(model.lookback)}"
        barred = ", ".join(f"`{one}`" for one in model.barred) or "-"
        sections += [
            f"## `{name}`",
            model.sentence,
            f"Scores a {model.subject}; {spans}. Barred from it: {barred}.{_averaged(model)}",
            *_dropping(model),
            _table(("feature", "type", "in words", "mentioned"), rows),
        ]
    return _page(
        "Models",
        "One pair of files each in `models/`: what is scored and learned (`NAME.py`), and the query "
        "that computes its features (`NAME.sql`). The score becomes a column of the same name that "
        "every trigger can use.",
        *sections,
    )


def _averaged(model: Any) -> str:
    """Return whether the score is averaged with another model's, in words."""
    if model.contract is not None:
        return (
            f" The mean of trees and of margin times retention over {model.contract.months} months."
        )
    told = model.purchases
    if told is None:
        return ""
    return f" The mean of trees and of BG/NBD with gamma-gamma on `{told.repeats}` and others."


def _dropping(model: Any) -> list[str]:
    """Return which column tells that a visit's score has fallen, in words."""
    from engage.domain.scores import Subject
    from engage.features.frame import drop_of

    if model.subject is not Subject.SESSION:
        return []
    column = drop_of(model.name)
    fallen = "how far the score lies below the highest that the same artifact has given this visit"
    return [f"A trigger may also name `{column.name}`, a number: {fallen}; null without a score."]


def commands() -> str:
    """Return the page of every command of the command line."""
    sections = []
    for path, command in command_tree():
        arguments = [
            (f"`{_spelling(p)}`", getattr(p, "help", None) or "", "needed" if p.required else "")
            for p in command.params
            if p.name != "help"
        ]
        sections += [f"## `{path}`", command.help or ""]
        sections += [_table(("argument", "meaning", ""), arguments)] if arguments else []
    return _page(
        "Commands",
        "Every command says more with `--help`, and `engage --version` which version it is of. Exit codes: 0 done; 1 done, but something was "
        "refused or quarantined; 2 wrong use or settings; 3 failed; 130 stopped by Ctrl-C, which is "
        "how `engage run` ends well, with 0.",
        *sections,
    )


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings,
    "reasons.md": reasons,
    "data.md": data,
    "channels.md": channels,
    "jobs.md": jobs,
    "models.md": models,
    "commands.md": commands,
}


def command_tree() -> Iterator[tuple[str, Any]]:
    """Yield the words of each command and the command itself, in order."""
    from typer.main import get_command

    from engage.cli.command import app

    waiting = [("engage", get_command(app))]
    found = []
    while waiting:
        path, command = waiting.pop()
        inner = getattr(command, "commands", None)
        if inner is None:
            found.append((path, command))
        else:
            waiting += [(f"{path} {name}", one) for name, one in inner.items()]
    yield from sorted(found, key=lambda pair: pair[0])


def _spelling(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.name).upper()
    return ", ".join([*parameter.opts, *parameter.secondary_opts])


def _page(title: str, opening: str, *sections: str) -> str:
    written = "Written by `make fix`; a test fails when this page is out of date."
    return "\n\n".join([f"# {title}", opening, written, *sections]) + "\n"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().splitlines()[0]


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _duration(length: timedelta) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if length.total_seconds() % size == 0:
            return f"{length.total_seconds() / size:g} {unit}"
    return f"{length.total_seconds():g} s"


if __name__ == "__main__":
    for name, write in PAGES.items():
        (FOLDER / name).write_text(write(), encoding="utf-8")
