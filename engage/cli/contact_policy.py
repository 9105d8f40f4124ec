"""The contact policy: what may be done with a person, when next, and why not."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from engage.cli.moments import AtOption
from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json, print_table

policy = typer.Typer(help="When somebody may be contacted, and why not.", no_args_is_help=True)


@policy.command("check")
def check(
    person: Annotated[
        str, typer.Argument(help="Your own number of the person, or our id (per_...).")
    ],
    project: ProjectOption = None,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what the contact policy allows with a person now, when next, and why not.

    Whether an agent is free and whether it would be worth it is not asked; see engage explain.
    """
    from engage.app.permissions import check as asked

    with opened_app(project, at) as app:
        told = asked(app, person)
        zone = _zone(told, app.zone)
    if as_json:
        print_json(told)
        return
    _print_stops(told)
    _print_facts(told)
    columns = ("trigger", "class", "action", "now", f"next ({zone})", "next (UTC)", "why not")
    rows = [
        (
            one["trigger"],
            one["class"],
            one["action"],
            "yes" if one["now"] else "no",
            *_next(one["next"], zone),
            " ".join(one["why_not"]),
        )
        for one in told["actions"]
    ]
    here = f"{told['at'].astimezone(zone):%Y-%m-%d %H:%M} {zone}"
    print_table(f"Allowed at {told['at']:%Y-%m-%d %H:%M} UTC, which is {here}", columns, rows)


def _zone(told: dict[str, Any], ours: ZoneInfo) -> ZoneInfo:
    """Return the zone of the person's clock, or the project's where theirs is not known for sure."""
    known = list(told["clocks"])
    try:
        return ZoneInfo(known[0]) if len(known) == 1 else ours
    except (KeyError, ValueError, OSError):
        return ours


def _next(at: datetime | None, zone: ZoneInfo) -> tuple[str, str]:
    if at is None:
        return "not foreseeable", "-"
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}", f"{at:%Y-%m-%d %H:%M}"


def _print_stops(told: dict[str, Any]) -> None:
    """Say first what holds everybody's messages, whoever is asked about."""
    if told["stopped"]:
        typer.echo(
            f"Nothing goes out at all: the kill switch is on since {told['stopped']}; "
            "engage killswitch off lets messages and calls go out again"
        )
    if outage := told["incident"]:
        held = "only slots are offered" if outage["mode"] == "slots" else "nothing is offered"
        typer.echo(
            f"An incident is under way since {outage['since']:%Y-%m-%d %H:%M} UTC, said by "
            f"{outage['by']}: {held}, apart from what people asked for; "
            "engage incident off, when it is over"
        )


def _print_facts(told: dict[str, Any]) -> None:
    clocks = ", ".join(f"{zone} ({time})" for zone, time in told["clocks"].items())
    typer.echo(f"{told['person_id']} may be in {', '.join(told['places']) or 'no known place'}:")
    typer.echo(f"  {clocks or 'no known time zone'}")
    had = ", ".join(f"{count} {name}" for name, count in told["had"].items() if count)
    typer.echo(f"  contacts: {had or 'none lately'}")
    for one in told["exclusions"]:
        typer.echo(f"  {_excluded(one)}")
    agreed = [one["purpose"] for one in told["consents"] if one["granted"]]
    typer.echo(f"  agreed to: {', '.join(agreed) or 'nothing'}")


def _excluded(one: dict[str, Any]) -> str:
    until = f"{one['until']:%Y-%m-%d %H:%M} UTC" if one["until"] else "further notice"
    by = f", says {one['source']}" if one["source"] else ""
    served = "; must be served, so only marketing is left out" if one["must_serve"] else ""
    since = f"{one['since']:%Y-%m-%d %H:%M} UTC"
    return f"excluded since {since}, until {until}: {one['reason']}{by}{served}"


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(policy, name="policy")
