"""Bring in files of any shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engage.cli.import_progress import going_on, progress_of
from engage.cli.import_report import SOMETHING_SET_ASIDE, as_json_object, show
from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json
from engage.cli.quarantine import quarantine

if TYPE_CHECKING:
    # These load Arrow and pandas, so they are imported where they are used.
    from engage.app.imported import ImportReport
    from engage.collect.mapping import Mapping


exclusions = typer.Typer(help="People who must be left alone.", no_args_is_help=True)

Files = Annotated[list[Path], typer.Argument(help="CSV, JSON lines or Parquet, gzipped or not.")]
MapOption = Annotated[
    Path | None,
    typer.Option("--map", help="The mapping; without one the column names are gone by."),
]
SourceOption = Annotated[
    str, typer.Option(help="The word that keeps these rows apart from other systems'.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show what would come in, and store nothing.")
]


def import_files(
    kind: Annotated[
        str,
        typer.Argument(
            help="people, events, interactions, transactions, appointments, decisions, outcomes, "
            "exclusions, staffing or values."
        ),
    ],
    files: Files,
    map_file: MapOption = None,
    source: SourceOption = "",
    dry_run: DryRunOption = False,
    guess: Annotated[
        bool,
        typer.Option("--guess", help="Draft a mapping from the file's head, and bring in nothing."),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Where known rows say something else, take the file's word."
        ),
    ] = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring in files; one that is brought in twice changes nothing, bad rows are set aside."""
    from engage.collect.kinds import known_kind

    known_kind(kind)
    if guess:
        _draft(kind, files, source, project)
        return
    if replace and dry_run:
        raise typer.BadParameter("--dry-run alone says how many rows --replace would replace")
    with _bringing(project, dry_run=dry_run, replace=replace) as bring:
        home = _home(kind, project)
        with going_on(dry_run=dry_run):
            found = _bring_all(
                bring, kind, files, map_file, source, home=home, dry_run=dry_run, quiet=as_json
            )
    if as_json:
        print_json(found)
    if any(one["quarantined"] for one in found):
        raise typer.Exit(SOMETHING_SET_ASIDE)


_Bring = Callable[[Path, "Mapping", Callable[[int, int, int], None]], "ImportReport"]


def _bring_all(
    bring: _Bring,
    kind: str,
    files: list[Path],
    map_file: Path | None,
    source: str,
    *,
    home: dict[str, str],
    dry_run: bool,
    quiet: bool,
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for file in files:
        columns, mapping = _mapping_of(kind, file, map_file, source, home=home, quiet=quiet)
        unread = _unread(mapping, columns)
        if dry_run and not quiet:
            typer.echo(f"{file} has the columns {', '.join(columns)}")
            typer.echo(f"Nothing reads {', '.join(unread)}" if unread else "All of them are read")
        with progress_of(file, quiet=quiet) as progress:
            report = bring(file, mapping, progress)
        found.append(as_json_object(report))
        if dry_run:
            found[-1] |= {"columns": columns, "unread": unread, "mapping": _written(mapping)}
        if not quiet:
            show(report)
    return found


def _unread(mapping: Mapping, columns: list[str]) -> list[str]:
    """Return the file's columns that nothing reads, not even as a part of the rest."""
    from engage.collect.checks import unused

    left = list(unused(mapping, columns))
    packed = [fill for fill in mapping.columns.values() if isinstance(fill.pack, str)]
    return [one for one in left if all(one in fill.drop for fill in packed)]


@contextmanager
def _bringing(project: Path | None, *, dry_run: bool, replace: bool) -> Iterator[_Bring]:
    """Yield what brings a file in; a dry run needs no project, but looks into one."""
    from engage.app.intake_files import import_file
    from engage.app.replacing import Replacing

    if dry_run:
        with _previewing(project) as look:
            yield look
        return
    with opened_app(project) as app:
        replacing = Replacing(list(app.goals.values())) if replace else None

        def bring(
            file: Path, mapping: Mapping, progress: Callable[[int, int, int], None]
        ) -> ImportReport:
            return import_file(
                app.store,
                mapping.kind,
                file,
                mapping,
                now=app.now(),
                progress=progress,
                queues=list(app.settings.queues),
                replacing=replacing,
            )

        yield bring


@contextmanager
def _previewing(project: Path | None) -> Iterator[_Bring]:
    from engage.app.intake_preview import preview
    from engage.clock import SystemClock
    from engage.project import existing_settings, existing_store

    store, now = existing_store(project), SystemClock().now()
    settings = existing_settings(project)
    queues = list(settings.queues) if settings else None

    def look(
        file: Path, mapping: Mapping, progress: Callable[[int, int, int], None]
    ) -> ImportReport:
        return preview(file, mapping, now=now, store=store, progress=progress, queues=queues)

    with closing(store) if store else nullcontext():
        yield look


def _mapping_of(
    kind: str, file: Path, map_file: Path | None, source: str, *, home: dict[str, str], quiet: bool
) -> tuple[list[str], Mapping]:
    """Return the file's columns and its mapping, and say how it was understood when guessed."""
    from engage.collect.checks import check, warnings
    from engage.collect.files import head_of
    from engage.collect.guess import guess_from
    from engage.collect.mapping_file import load

    mapping = load(map_file, kind) if map_file else None
    head = head_of(file, mapping.file if mapping else None)
    columns: list[str] = head.column_names
    guessed = mapping is None
    mapping = _from(source, mapping or guess_from(kind, head, **home))
    if guessed and not quiet:
        typer.echo(f"Without --map {file} is understood as this mapping, which you may save:")
        typer.echo(f"\n{_indented(_written(mapping))}")
    if guessed:
        _must_do(check, mapping, file, columns)
    for line in warnings(mapping):
        typer.echo(f"Note: {line}", err=True)
    return columns, mapping


def _from(source: str, mapping: Mapping) -> Mapping:
    import msgspec

    return msgspec.structs.replace(mapping, source=source) if source else mapping


def _home(kind: str, project: Path | None) -> dict[str, str]:
    """Return the clock on the project's wall for a roster, the country of phone numbers for people."""
    from engage.project import existing_settings

    settings = existing_settings(project) if kind in {"staffing", "people"} else None
    if settings is None:
        return {}
    home = settings.project
    return {"zone": home.zone} if kind == "staffing" else {"region": home.country}


def _draft(kind: str, files: list[Path], source: str, project: Path | None) -> None:
    """Print a mapping for a file, and say on the other output what it still lacks."""
    from engage.collect.draft import drafted
    from engage.collect.files import head_of
    from engage.collect.guess import guess_from
    from engage.collect.mapping_file import parse
    from engage.errors import WrongUse

    if len(files) != 1:
        raise WrongUse("--guess drafts a mapping from one file; files alike then share it")
    head = head_of(files[0])
    guessed = guess_from(kind, head, **_home(kind, project))
    text = drafted(_from(source, guessed), head, files[0].name)
    typer.echo(text, nl=False)
    try:
        parse(text)
    except WrongUse as error:
        typer.echo(f"Note: it is not complete yet. {error}", err=True)


def _must_do(
    check: Callable[[Mapping], Mapping], mapping: Mapping, file: Path, columns: list[str]
) -> None:
    from engage.errors import WrongUse

    try:
        check(mapping)
    except WrongUse as error:
        raise WrongUse(
            f"{file}: its columns ({', '.join(columns)}) do not say everything: {error}. "
            "Draft a mapping with --guess, complete it and give it with --map; "
            "docs/imports.md shows how"
        ) from None


def _written(mapping: Mapping) -> str:
    from engage.collect.mapping_file import written

    return written(mapping)


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())


@exclusions.command("import")
def import_exclusions(
    files: Files,
    map_file: MapOption = None,
    source: SourceOption = "",
    dry_run: DryRunOption = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring in lists of people who must be left alone, as `engage import exclusions` does."""
    import_files("exclusions", files, map_file, source, dry_run, False, False, project, as_json)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command("import")(import_files)
    app.add_typer(quarantine, name="quarantine")
    app.add_typer(exclusions, name="exclusions")
