"""What is known of each action's effect, as `engage models` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from engage.cli.output import print_json, print_table
from engage.errors import WrongUse

NAME = "action_uplift"
_MONEY = ("value", "value_of_single", "gain")


def told(app: Any) -> dict[str, Any]:
    """Return what is believed and what was learned."""
    from engage.app.uplift_shown import uplift

    return uplift(app)


def show(known: Mapping[str, Any]) -> None:
    """Print beliefs and policies as tables."""
    if not known["believed"]:
        typer.echo("Nothing is learned yet: no decision's horizon has passed; prior_lift counts.")
        return
    columns = (
        "trigger",
        "action",
        "tried",
        "share",
        "alone_tried",
        "share_alone",
        "lift",
        "low",
        "high",
    )
    rows = [[_short(one[name]) for name in columns] for one in known["believed"]]
    print_table("What each action adds, with the 95 % interval", columns, rows)
    for one in known["policies"]:
        typer.echo(f"{one['trigger']}: {one['verdict']}")
    _print_money({one["trigger"]: one for one in known["policies"]})
    if "challenger" in known:
        typer.echo(f"{known['challenger']} waits for engage models promote {known['challenger']}")


def refuse(**asked: object) -> None:
    """Raise WrongUse for options of `models evaluate` that mean nothing here, rather than pass them over."""
    given = [f"--{name.replace('_', '-')}" for name, value in asked.items() if value]
    if given:
        raise WrongUse(
            f"{NAME} is judged on the decisions that were logged; it takes --seed, "
            f"but not {' or '.join(given)}"
        )


def evaluated(app: Any, seed: int, *, as_json: bool) -> None:
    """Print what policies learned from the log are worth to people they never saw."""
    from engage.app.uplift_shown import evaluate_uplift

    found = evaluate_uplift(app, seed=seed)
    if as_json:
        print_json(found)
        return
    for trigger, one in found.items():
        typer.echo(f"{trigger}: {one['verdict']}")
    _print_money({name: one for name, one in found.items() if "value" in one})
    if not found:
        typer.echo("No trigger has as many matured decisions as [uplift] min_decisions asks for.")


def _print_money(policies: Mapping[str, Mapping[str, Any]]) -> None:
    from engage.scoring.uplift.packed import in_words

    columns = ("trigger", "learner", "decisions", "deviates", *_MONEY)
    rows = [
        [
            name,
            one["learner"],
            one["rows"],
            _short(one["deviates"]),
            *(in_words(one[k]) for k in _MONEY),
        ]
        for name, one in policies.items()
    ]
    if rows:
        print_table("Worth of a decision in minor units, on people it never saw", columns, rows)


def _short(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
