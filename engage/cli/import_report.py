"""What came of an import, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    # It loads Arrow and pandas.
    from engage.app.imported import ImportReport

SOMETHING_SET_ASIDE = 1


def as_json_object(report: ImportReport) -> dict[str, Any]:
    """Return the shape of `--json`."""
    return report.as_dict() | {"quarantined": report.quarantined}


def show(report: ImportReport) -> None:
    """Say in words what came of a file."""
    if report.read_before:
        before = report.read_before.strftime("%Y-%m-%d %H:%M UTC")
        typer.echo(f"This file came in before, on {before}, under the same mapping.")
    if report.rows_before and report.began:
        began = report.began.strftime("%Y-%m-%d %H:%M UTC")
        typer.echo(f"Went on behind the {report.rows_before:,} rows of the import begun {began}.")
    typer.echo(f"{report.file}: {', '.join(_parts(report))}")
    if report.rows_taken_back:
        staffing = report.kind == "staffing"
        what, came = (
            ("stretches", "count as not staffed") if staffing else ("rows", "are taken back")
        )
        typer.echo(
            f"  {report.rows_taken_back:,} {what} that only an earlier reading of this file saw {came}"
        )
    for reason, count in report.reasons.items():
        typer.echo(f"  {count:,} x {reason}")
    for one in report.first_errors:
        typer.echo(f"  line {one.line}: {one.reason}")
    for line in _left_as_it_was(report):
        typer.echo(line)
    if report.quarantined and not report.dry_run:
        typer.echo(
            "They wait in quarantine: look with engage quarantine list, mend the mapping, then "
            f"engage quarantine retry {report.import_id[:12]} --map MAP.toml"
        )


def _left_as_it_was(report: ImportReport) -> Iterator[str]:
    """Say what to do where what is stored stays although the file says something else."""
    how = "import the file by the right mapping once more with --replace"
    if _stays(report) and report.rows_differing > report.rows_replaced:
        yield f"What is stored stays as it is. If it was read wrongly, {how}"
    if report.read_otherwise:
        at = report.read_otherwise.strftime("%Y-%m-%d %H:%M UTC")
        yield (
            f"This file came in before by another mapping, on {at}: what it brought then stands "
            f"beside these rows and counts too. If it was read wrongly, {how}"
        )


def _stays(report: ImportReport) -> bool:
    """Return whether the first word on these rows counts, whatever is said later."""
    from engage.app.versions import ONCE

    return report.kind in {relation.name for relation in ONCE}


def _left_out(kind: str) -> str:
    never = ", or of nobody in an hour that no clock showed" if kind == "staffing" else ""
    return f"left out by [where]{never}"


def _parts(report: ImportReport) -> list[str]:
    parts = [f"{report.rows_read:,} rows read"]
    if not report.compared:
        parts.append(f"{report.rows_new:,} would come in as {report.kind}")
    else:
        new = "would be new" if report.dry_run else "new"
        parts.append(f"{report.rows_new:,} {new} {report.kind}")
        if report.rows_corrected:
            parts.append(f"{report.rows_corrected:,} of them corrections of known ones")
        parts.append(f"{report.rows_known:,} known already")
    otherwise = "than what is stored" if _stays(report) else "of the same moment"
    for count, words in (
        (report.rows_differing, f"of them saying something else {otherwise}"),
        (report.rows_replaced, "replaced by what the file says"),
        (report.rows_left_out, _left_out(report.kind)),
        (report.rows_bad, "set aside"),
        (report.parts_bad, "stored without a part"),
    ):
        if count:
            parts.append(f"{count:,} {words}")
    return parts
