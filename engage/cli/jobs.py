"""Run the jobs: one by name, all that are due, or all by the clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engage.cli.moments import AtOption
from engage.cli.opening import opened
from engage.cli.output import JsonOption, ProjectOption, print_json, print_table

if TYPE_CHECKING:
    from engage.job import Job
    from engage.project import Project


def list_jobs(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show each job: what it does, when, and how its last run went."""
    from engage.store import jobs as runs

    with opened(project) as here, here.app.store.read() as tx:
        last = {run.job: run for run in runs.last_runs(tx)}
        zone = here.app.zone
    rows: list[dict[str, Any]] = []
    for name, job in sorted({**here.jobs, **here.off}.items()):
        run = last.get(name)
        rows.append(
            {
                "name": name,
                "schedule": "off" if name in here.off else job.schedule.words(),
                "sentence": job.sentence,
                "last_due": run.due if run else None,
                "state": run.state if run else None,
                "report": run.words if run else "",
            }
        )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        row["last_due"] = row["last_due"].astimezone(zone) if row["last_due"] else None
    columns = list(rows[0]) if rows else ["name"]
    print_table(f"Jobs, by the clock of {zone}", columns, [list(row.values()) for row in rows])


def run_one(
    name: Annotated[str, typer.Argument(help="The job's name, as `engage jobs` shows it.")],
    project: ProjectOption = None,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run one job now, whether it is due or not."""
    from engage.scheduler import run_job

    with _at_work(project, at) as here:
        run = run_job(here.app, _job(here, name), even_if_not_due=True)
    _show([run] if run else [], as_json)


def tick(
    now: Annotated[bool, typer.Option("--now", help="Run what is due at this moment.")] = True,
    project: ProjectOption = None,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run every job that is due, once, and end: for cron, or to try things out."""
    from engage.scheduler import tick as run_due

    if not now:
        raise typer.BadParameter("say --now")
    with _at_work(project, at) as here:
        runs = run_due(here.app, here.jobs)
    _show(runs, as_json)


def run(project: ProjectOption = None) -> None:
    """Run all jobs by the clock until stopped with Ctrl-C or SIGTERM."""
    import signal
    import threading

    from engage.logs import configure
    from engage.scheduler import serve

    with opened(project) as here:
        configure(here.app.settings.logs.level, here.app.settings.logs.format)
        stop = threading.Event()
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: stop.set())
        typer.echo(f"{len(here.jobs)} jobs run by the clock; Ctrl-C stops them")
        serve(here.app, here.jobs, stop)


def _job(here: Project, name: str) -> Job:
    from engage.collect.names import nearest

    if name in here.off:
        raise typer.BadParameter(
            f"{name} is switched off: settings.toml says enabled = false in [jobs.{name}]"
        )
    if name not in here.jobs:
        raise typer.BadParameter(f"there is no job {name!r}; {nearest(name, sorted(here.jobs))}")
    return here.jobs[name]


@contextmanager
def _at_work(folder: Path | None, at: datetime | None) -> Iterator[Project]:
    """Open a project to run its jobs, having taken over from whoever died at that."""
    from engage.store.presence import at_work

    with opened(folder, at) as here, at_work(here.app.store, here.app.now()):
        yield here


def _show(runs: list[Any], as_json: bool) -> None:
    if as_json:
        rows = [{"job": r.job, "state": r.state, **_report(r.report)} for r in runs]
        print_json([{**row, "error": r.error} for row, r in zip(rows, runs, strict=True)])
    elif not runs:
        typer.echo("nothing was due, or it is already being done")
    else:
        for one in runs:
            typer.echo(f"{one.job}: {one.error or one.report.sentence()}")
    if any(r.error for r in runs):
        raise typer.Exit(3)


def _report(report: Any) -> dict[str, Any]:
    return {
        "seen": report.seen,
        "done": report.done,
        "skipped": dict(report.skipped),
        "note": report.note,
    }


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command("jobs")(list_jobs)
    app.command("job")(run_one)
    app.command("tick")(tick)
    app.command("run")(run)
