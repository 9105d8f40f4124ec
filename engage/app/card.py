"""A model card: what a model is for, what it learned from, how good it is for whom, and its limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from engage.app.app import App
from engage.app.auditing import audit_in_words, findings
from engage.app.cohorts import cohorts, in_words
from engage.domain.audits import AUDITED
from engage.domain.scores import Objective
from engage.errors import WrongUse
from engage.scoring.definition import Model
from engage.store import artifacts, watches

_CHANCE = "a chance between 0 and 1"
_AMOUNT = "an amount in minor units"


def card(app: App, model: Model) -> dict[str, Any]:
    """Return the card of a model's champion, in the order in which it is read."""
    with app.store.read() as tx:
        champion = artifacts.champion(tx, model.name)
        look = watches.latest(tx).get(model.name)
    if champion is None:
        raise WrongUse(
            f"{model.name} has not been trained yet; see engage models train {model.name}"
        )
    body = champion.body
    unused = set(body.get("unused", ()))
    return {
        "model": model.name,
        "purpose": model.sentence,
        "scores": model.subject,
        "states": _CHANCE if model.objective is Objective.PROBABILITY else _AMOUNT,
        "horizon_h": model.horizon / timedelta(hours=1),
        "looks_back_d": model.lookback / timedelta(days=1),
        "artifact": champion.artifact_id,
        "trained_at": body["trained_at"],
        "promoted_by": champion.promoted_by,
        "promoted_at": champion.promoted_at,
        "data": {
            "rows": body["rows"],
            "left_out": body["left_out"],
            "window": body["window"],
            "split": body["split"],
            "base_rate": body["base_rate"],
        },
        "features": [
            {
                "name": one.name,
                "type": one.type,
                "meaning": one.meaning,
                "mention": one.mention,
                "used": one.name not in unused,
            }
            for one in model.features
        ],
        "barred": {
            "relations": list(model.barred),
            "protected": list(app.settings.fairness.protected),
            "free_text": list(app.settings.fairness.free_text),
        },
        "metrics": body["metrics"],
        "segments": body.get("segments", {}),
        **({"cohorts": list(cohorts(app, model))} if model.objective is Objective.AMOUNT else {}),
        "by_minute": body.get("by_minute", []),
        "audit": findings(app) if model.name == AUDITED else None,
        "limits": list(_limits(model, body)),
        "watch": {"state": look.state, "watched_at": look.watched_at, "says": look.body["says"]}
        if look and look.artifact_id == champion.artifact_id
        else None,
    }


def _limits(model: Model, body: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the figures do not say, each in a sentence."""
    judged = body["window"]["judged"]
    if body["split"] == "time":
        yield f"Judged on the {judged['rows']} newest rows, up to {judged['to'][:10]}, and on nothing later."
    else:
        yield (
            f"Judged on {judged['rows']} rows of people set aside, not on later ones: the history is "
            f"too short for that, so how it holds over time is not known."
        )
    yield (
        "It says what happens to people who are left alone; it does not say what an action changes."
    )
    gates = model.gates
    if body["rows"] < 10 * gates.min_rows:
        yield f"Few rows ({body['rows']}): its figures move by chance from one training to the next."
    if unused := body.get("unused"):
        yield f"These features held one value only and tell it nothing: {', '.join(unused)}."
    weak = [
        f"{feature} {word}"
        for feature, words in body.get("segments", {}).items()
        for word, figures in words.items()
        if _dishonest(figures, gates.max_ece)
    ]
    if weak:
        yield f"Its chances are off, beyond chance, for: {', '.join(weak)}."
    yield "What it never saw in training, a new word or journey, it takes for missing."


def _dishonest(figures: Mapping[str, Any], limit: float) -> bool:
    error, chance = figures.get("ece"), figures.get("ece_by_chance")
    return error is not None and error - (chance or 0.0) > limit


def as_markdown(card: Mapping[str, Any]) -> str:
    """Return a card as a page for people."""
    data, lines = card["data"], [f"# {card['model']}", "", card["purpose"], ""]
    lines += [
        f"It scores a {card['scores']} and states {card['states']}.",
        f"It looks {card['horizon_h']:g} hours ahead, from {card['looks_back_d']:g} days back.",
        f"Artifact {card['artifact']}, trained {card['trained_at'][:16]}.",
        f"Put in charge by {card['promoted_by']}.",
        "",
        "## Data",
        "",
        f"{data['rows']} rows, split by {data['split']}; base rate {data['base_rate']:.4g}.",
    ]
    lines += [f"- {name}: {_span(span)}" for name, span in data["window"].items()]
    lines += [f"- left out, {why}: {n}" for why, n in data["left_out"].items() if n]
    lines += ["", "## How good it is", ""]
    lines += [f"- {name}: {_number(value)}" for name, value in card["metrics"].items()]
    for feature, words in card["segments"].items():
        lines += ["", f"### By {feature}", ""]
        lines += [f"- {word}: {_figures(figures)}" for word, figures in words.items()]
    if card["by_minute"]:
        lines += ["", "### By minutes since the visit began", ""]
        lines += [_age(one) for one in card["by_minute"]]
    if card["audit"]:
        lines += ["", "## Judged by people", "", audit_in_words(card["audit"])]
    if "cohorts" in card:
        lines += ["", "## What came in since", ""]
        lines += [f"- {in_words(one)}" for one in card["cohorts"]]
    lines += ["", "## Features", ""]
    lines += [_feature(one) for one in card["features"]]
    lines += ["", "## Never looked at", ""]
    lines += [f"- {kind}: {', '.join(names)}" for kind, names in card["barred"].items()]
    lines += ["", "## Limits", "", *(f"- {one}" for one in card["limits"]), "", "## Since then", ""]
    return "\n".join([*lines, _watch(card["watch"])])


def _feature(one: Mapping[str, Any]) -> str:
    notes = "" if one["mention"] else " (not to be mentioned to customers)"
    return f"- {one['name']}: {one['meaning']}{notes}{'' if one['used'] else ' (holds one value only)'}"


def _watch(watch: Mapping[str, Any] | None) -> str:
    if watch is None:
        return "Not watched yet; `engage job watch_drift` looks now."
    says = f": {'; '.join(watch['says'])}" if watch["says"] else ""
    return f"{watch['state']} on {watch['watched_at']:%Y-%m-%d}{says}"


def _span(span: Mapping[str, Any]) -> str:
    if not span["rows"]:
        return "none"
    moments = f" ({span['moments']} moments)" if "moments" in span else ""
    return f"{span['rows']} rows{moments} from {span['from'][:10]} to {span['to'][:10]}"


def _figures(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_number(value)}" for name, value in figures.items())


def _age(figures: Mapping[str, Any]) -> str:
    told = {name: value for name, value in figures.items() if name not in ("minutes", "note")}
    note = f" ({figures['note']})" if "note" in figures else ""
    return f"- {figures['minutes']}: {_figures(told)}{note}"


def _number(value: Any) -> str:
    return "not known" if value is None else f"{value:.4g}"
