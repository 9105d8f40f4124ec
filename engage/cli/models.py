"""Models: what is trained, how good it is, why it was (not) promoted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from engage.cli.jobs import AtOption
from engage.cli.opening import opened_app
from engage.cli.output import JsonOption, ProjectOption, print_json, print_table

models = typer.Typer(help="Train, judge and promote models.", no_args_is_help=True)
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
        columns = ("name", "sentence", "state", "rows", "quality", "promoted_at")
        print_table("Models", columns, [[row.get(c) for c in columns] for row in rows])


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
        outcomes = [train_model(app, model, by="command line") for model in each]
    if as_json:
        print_json([_outcome(one) for one in outcomes])
    else:
        for one in outcomes:
            typer.echo(f"{one.model}: {_verdict(one)}")
    if not all(one.promoted for one in outcomes):
        raise typer.Exit(1)


@models.command("show")
def show(name: NameArgument, project: ProjectOption = None) -> None:
    """Show a model's champion in full: features, window, metrics, calibration."""
    from engage.app.lineage import champion_body

    with opened_app(project) as app:
        print_json(champion_body(app, _model(app, name).name))


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
    as_json: JsonOption = False,
) -> None:
    """Train on one part of the labelled rows, judge on the other, and keep nothing."""
    from engage.app.evaluating import evaluate_model

    with opened_app(project, at) as app:
        metrics = evaluate_model(app, _model(app, name), data=data, split=split, seed=seed)
    if as_json:
        print_json(metrics)
    else:
        print_table(f"{name}, {split} split, seed {seed}", ("metric", "value"), metrics.items())


@models.command("promote")
def promote(
    artifact: Annotated[str, typer.Argument(help="The artifact's id.")],
    project: ProjectOption = None,
) -> None:
    """Put a trained artifact in charge of its model."""
    from engage.app.lineage import promote as put_in_charge

    with opened_app(project) as app:
        typer.echo(put_in_charge(app, artifact))


def _model(app: Any, name: str) -> Any:
    if name not in app.models:
        raise typer.BadParameter(f"there is no model {name!r}; there are {', '.join(app.models)}")
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
