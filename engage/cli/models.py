"""Models: what is trained, how good it is, why it was (not) promoted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from engage.cli import uplift
from engage.cli.moments import AtOption
from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json, print_table

models = typer.Typer(help="Train, judge and promote models.", no_args_is_help=True)
_BY = "command line"
_MOST_SHIFTS = 10
_BY_AGE = (
    *("minutes", "n", "people", "base_rate", "stated", "roc_auc", "roc_auc_low", "roc_auc_high"),
    *("ece", "ece_by_chance", "ngini", "bias", "note"),
)
NameArgument = Annotated[str, typer.Argument(help="The model's name: its file in models/.")]


@models.command("list")
def list_models(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show each model with its champion: trained on what, how good, since when."""
    from engage.app.lineage import lineage

    with opened_app(project) as app:
        rows = lineage(app)
    if as_json:
        print_json(rows)
    else:
        columns = (
            "name",
            "sentence",
            "state",
            "rows",
            "quality",
            "promoted_at",
            "promoted_by",
            "watch",
        )
        print_table("Models", columns, [[row.get(c) for c in columns] for row in rows])
        typer.echo(f"{uplift.NAME}: what each action adds; see engage models show {uplift.NAME}")
        for row in rows:
            if waiting := row.get("challenger"):
                typer.echo(f"{row['name']}: {waiting['artifact']} beside it: {waiting['why_not']}")


@models.command("train")
def train(
    name: Annotated[str | None, typer.Argument(help="Which one; all without a name.")] = None,
    project: ProjectOption = None,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train now; what passes its gates replaces the champion, the rest is kept beside it."""
    from engage.app.training import train_model

    with opened_app(project, at) as app:
        chosen = {name: _model(app, name)} if name else app.models
        each = [model for _, model in sorted(chosen.items())]
        outcomes = [train_model(app, model, by=_BY) for model in each]
    if as_json:
        print_json([_outcome(one) for one in outcomes])
    else:
        for one in outcomes:
            typer.echo(f"{one.model}: {_verdict(one)}")
    if not all(one.promoted for one in outcomes):
        raise typer.Exit(1)


@models.command("show")
def show(name: NameArgument, project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show a model's champion, what was trained before it, and what the last look at it found."""
    from engage.app.lineage import shown

    with opened_app(project) as app:
        told = uplift.told(app) if name == uplift.NAME else shown(app, _model(app, name))
    if as_json:
        print_json(told)
        return
    if name == uplift.NAME:
        uplift.show(told)
        return
    columns = ("artifact", "trained_at", "state", "rows", "quality", "promoted_by", "why_not")
    steps = [[step[one] for one in columns] for step in told["history"]]
    print_table(f"{name}: what was trained, the newest first", columns, steps)
    print_table("The champion on rows it never saw", ("metric", "value"), told["metrics"].items())
    _print_ages(told.get("by_minute", []))
    _print_watch(told["watch"])


def _print_ages(ages: Any) -> None:
    known = tuple(name for name in _BY_AGE if any(name in one for one in ages))
    rows = [[one.get(name) for name in known] for one in ages]
    if ages:
        print_table("By minutes since the visit began", known, rows)


def _print_watch(watch: Any) -> None:
    if watch is None:
        typer.echo("Not watched yet; engage job watch_drift looks now.")
        return
    typer.echo(f"Watched {watch['watched_at']:%Y-%m-%d %H:%M}: {watch['state']}")
    for words in [*watch["says"], *([watch["proposal"]] if "proposal" in watch else [])]:
        typer.echo(f"- {words}")
    moved = ("name", "psi", "by_chance", "p_family", "drifted")
    rows = [[one[name] for name in moved] for one in watch.get("shifts", ())[:_MOST_SHIFTS]]
    print_table("Moved most since training", moved, rows)
    week = ("week", "n", "base_rate", "stated", "roc_auc", "ece", "ece_by_chance", "ngini", "bias")
    weeks = [[one.get(name) for name in week] for one in watch.get("weeks", ())]
    print_table("Matured outcomes by week", week, weeks)


@models.command("card")
def card(name: NameArgument, project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Describe a model: purpose, data, features, quality by segment, limits, and how it does now."""
    from engage.app.card import as_markdown
    from engage.app.card import card as card_of

    with opened_app(project) as app:
        told = card_of(app, _model(app, name))
    if as_json:
        print_json(told)
    else:
        typer.echo(as_markdown(told))


@models.command("audit")
def audit(
    contact: Annotated[str, typer.Argument(help="The contact that was judged (int_...).")] = "",
    verdict: Annotated[str, typer.Argument(help="resolved, unresolved or unclear.")] = "",
    by: Annotated[str, typer.Option(help="Who judged it.")] = "",
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the contacts drawn at random from those on no list, or write down what one's record says.

    The list knows only its own: these tell how many it misses. See engage models card.
    """
    from engage.app import auditing

    with opened_app(project) as app:
        if contact:
            auditing.judge(app, contact, verdict, by)
        drawn = auditing.waiting(app)
    if as_json:
        print_json(drawn)
    elif contact:
        typer.echo(f"{contact} is {verdict}; {len(drawn)} contacts wait to be judged")
    elif drawn:
        print_table("To be judged", tuple(drawn[0]), [tuple(one.values()) for one in drawn])
    else:
        typer.echo("No contact waits; a share of those on no list is drawn each night.")


@models.command("evaluate")
def evaluate(
    name: NameArgument,
    project: ProjectOption = None,
    data: Annotated[
        Path | None, typer.Option(help="A frame to use instead of the history: features + label.")
    ] = None,
    split: Annotated[str, typer.Option(help="random or time")] = "time",
    seed: Annotated[int, typer.Option(help="Seed of the split and the training.")] = 0,
    at: AtOption = None,
    segment_by: Annotated[
        str, typer.Option(help="FILE/COLUMN of an attribute the model never sees, by person_id.")
    ] = "",
    rows: Annotated[
        Path | None,
        typer.Option(help="Write the rows to this .parquet: features, label, part, score."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train on one part of the labelled rows, judge on the other, and keep nothing.

    With --segment-by the model is held against groups that it knows nothing of; 1 when it is less
    honest to one of them.
    """
    from engage.app.evaluating import evaluate_model

    with opened_app(project, at) as app:
        if name == uplift.NAME:
            uplift.refuse(data=data, segment_by=segment_by, rows=rows)
            uplift.evaluated(app, seed, as_json=as_json)
            return
        model = _model(app, name)
        metrics = evaluate_model(
            app, model, data=data, split=split, seed=seed, segment_by=segment_by, rows=rows
        )
    parity = metrics.get("parity", [])
    if as_json:
        print_json(metrics)
    else:
        apart = ("parity", "by_minute")
        shown = [(key, value) for key, value in metrics.items() if key not in apart]
        print_table(f"{name}, {split} split, seed {seed}", ("metric", "value"), shown)
        _print_ages(metrics.get("by_minute", []))
        if parity:
            columns = tuple(parity[0])
            print_table(f"By {segment_by}", columns, [list(one.values()) for one in parity])
    if any(one["unequal"] for one in parity):
        raise typer.Exit(1)


@models.command("promote")
def promote(
    artifact: Annotated[str, typer.Argument(help="The artifact's id.")],
    project: ProjectOption = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Even if its gates refused it.")] = False,
) -> None:
    """Put a trained artifact in charge of its model."""
    from engage.app.lineage import promote as put_in_charge

    with opened_app(project) as app:
        typer.echo(put_in_charge(app, artifact, by=_BY, anyway=anyway))


@models.command("rollback")
def rollback(
    name: NameArgument,
    project: ProjectOption = None,
    to: Annotated[str, typer.Option(help="An earlier artifact than the one before.")] = "",
) -> None:
    """Put the artifact that was in charge before back in charge."""
    from engage.app.lineage import roll_back

    with opened_app(project) as app:
        known = name if name == uplift.NAME else _model(app, name).name
        typer.echo(roll_back(app, known, by=_BY, to=to))


def _model(app: Any, name: str) -> Any:
    if name == uplift.NAME:
        raise typer.BadParameter(
            f"{name} learns by itself, by engage job learn_uplift; what models show, evaluate, "
            f"promote and rollback do, they do for it too"
        )
    if name not in app.models:
        known = ", ".join([*app.models, uplift.NAME])
        raise typer.BadParameter(f"there is no model {name!r}; there are {known}")
    return app.models[name]


def _verdict(outcome: Any) -> str:
    if outcome.refused:
        return f"not trained: {outcome.refused}"
    if outcome.promoted:
        return "promoted"
    return f"kept beside the champion: {'; '.join(outcome.failures) or 'promotion waits for you'}"


def _outcome(outcome: Any) -> dict[str, Any]:
    return {
        "model": outcome.model,
        "artifact": outcome.artifact_id,
        "promoted": outcome.promoted,
        "verdict": _verdict(outcome),
        "metrics": dict(outcome.metrics),
    }


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(models, name="models")
