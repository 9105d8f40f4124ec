"""The contact policy: what may be done with a person, when next, and why not."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from engage.cli.jobs import AtOption
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
        zone = app.zone
    if as_json:
        print_json(told)
        return
    _print_facts(told)
    columns = ("trigger", "class", "action", "now", "next", "why not")
    rows = [
        (
            one["trigger"],
            one["class"],
            one["action"],
            "yes" if one["now"] else "no",
            one["next"].astimezone(zone) if one["next"] else "not foreseeable",
            " ".join(one["why_not"]),
        )
        for one in told["actions"]
    ]
    print_table(f"Allowed at {told['at'].astimezone(zone):%Y-%m-%d %H:%M} {zone}", columns, rows)


def _print_facts(told: dict[str, Any]) -> None:
    clocks = ", ".join(f"{zone} ({time})" for zone, time in told["clocks"].items())
    typer.echo(f"{told['person_id']} may be in {', '.join(told['places']) or 'no known place'}: ")
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
