"""The story of one decision in words: what was known, what was weighed, who was left alone, why."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from engage.decide.passed import rules
from engage.domain.actions import NONE
from engage.domain.assignments import Arm
from engage.domain.reasons import Reason
from engage.domain.triggers import Trigger
from engage.features.definition import Feature


def story(
    decision: Mapping[str, Any],
    trigger: Trigger | None,
    because: Iterable[str] = (),
    currency: str = "",
) -> list[str]:
    """Return the decision as sentences, from the trigger's condition to what was done.

    `decision` is a stored row with its JSON columns parsed; `because` says why its scores were
    what they were; amounts are shown in hundredths of the currency's unit, as they are stored in
    minor units.
    """
    return [
        *_beginning(decision, trigger),
        *because,
        *_weighing(decision, currency),
        *_arms(decision),
        *_draw(decision, aa=trigger is not None and trigger.aa),
    ]


def details(
    decision: Mapping[str, Any], features: Mapping[str, Feature] | None = None
) -> list[str]:
    """Return what was known when it was decided, and by which plan, policy and models.

    `features` give each column's meaning, by its name.
    """
    return [*_facts(decision, features or {}), *_passed(decision), *_versions(decision)]


def _beginning(decision: Mapping[str, Any], trigger: Trigger | None) -> Iterator[str]:
    version = decision.get("trigger_version")
    chance = decision.get("band") or math.nan
    named = f"{decision['trigger']} (version {version})" if version else decision["trigger"]
    did = "fired for" if math.isnan(chance) else "let in"
    yield (
        f"{_moment(decision['decided_at'])}  {named} {did} {decision['subject_id']} "
        f"of {decision['person_id']}."
    )
    if not math.isnan(chance):
        yield (
            "Its condition did not hold: the score lies in the band below the threshold, where "
            f"{100 * chance:g} % are let in by chance, to learn whether the threshold is right."
        )
    if trigger is not None:
        goal = f"Its goal is {trigger.goal} within {_span(trigger.horizon)}."
        yield f"Its condition is: {trigger.when}. {goal}"


def _facts(decision: Mapping[str, Any], features: Mapping[str, Feature]) -> Iterator[str]:
    known = decision.get("features") or {}
    if known:
        yield "What was known then:"
    for name in sorted(known):
        value = _value(known[name])
        meaning = features[name].meaning if name in features else ""
        if "{value}" in meaning:
            yield f"  {meaning.replace('{value}', value)}"
        else:
            yield f"  {name} was {value}" + (f" ({meaning})" if meaning else "")


def _passed(decision: Mapping[str, Any]) -> Iterator[str]:
    """Say of each action how many of the rules that were asked it passed, and which it did not."""
    for action, asked in rules(decision).items():
        failed = [one["reason"] for one in asked if one["passed"] is False]
        passed = sum(one["passed"] is True for one in asked)
        yield f"{action} passed {passed} rules" + (
            f" and failed {', '.join(failed)}." if failed else "."
        )


def _weighing(decision: Mapping[str, Any], currency: str) -> Iterator[str]:
    """Say what each action was worth, or why it was not allowed."""
    for action, parts in sorted((decision.get("values") or {}).items()):
        if parts.get("refused"):
            why = " ".join(Reason(reason).sentence for reason in parts["refused"])
            yield f"  {action} was not allowed: {why}"
        else:
            yield f"  {action} was worth {money(parts['total'], currency)}: {_sum(parts, currency)}"


def _sum(parts: Mapping[str, Any], currency: str) -> str:
    gain = f"{100 * parts['uplift']:+.2f} points of {money(parts['stake'], currency)}{_hour(parts)}"
    costs = {
        "for the channel": parts["cost"],
        _time(parts): parts["price"],
        "for the annoyance": parts["annoyance"],
    }
    taken = [f"less {money(cost, currency)} {what}" for what, cost in costs.items() if cost]
    return ", ".join([gain, *taken]) + "."


def _hour(parts: Mapping[str, Any]) -> str:
    """Return how the hour of a call changes what it adds; nothing where it does not count."""
    if "reached" not in parts:
        return ""
    now, usual = 100 * parts["reached"], 100 * parts["usual"]
    return f" ({now:.0f} % of calls are answered at that hour, {usual:.0f} % at any)"


def _time(parts: Mapping[str, Any]) -> str:
    """Return what the price was for: the minutes of an agent, as many as are logged, or a message."""
    minutes = parts.get("minutes")
    if minutes:
        return f"for {minutes:.1f} minutes of the agent's time"
    return "for time or a message that others would get"


def _arms(decision: Mapping[str, Any]) -> Iterator[str]:
    reasons = decision.get("reasons") or []
    for reason in reasons:
        yield Reason(reason).sentence
    if not reasons and decision.get("arm_global") == Arm.TREATED:
        yield "The person is in the treated group, of everything and of this trigger."
    elif not reasons and decision.get("qualified"):
        yield (
            "The person takes no part in a comparison: it was asked for, they must be served, or "
            "they were held out until lately."
        )


def _draw(decision: Mapping[str, Any], *, aa: bool) -> Iterator[str]:
    """Say what the chances were, and what came of it."""
    chances = decision.get("propensities") or {}
    if chances:
        in_turn = sorted(chances.items(), key=lambda one: one[0] == NONE)  # as it is drawn
        told = ", ".join(f"{name} {100 * p:.1f} %" for name, p in in_turn)
        drawn = decision.get("draw")
        at = "" if drawn is None else f"; the draw was {drawn:.4f}"
        yield f"The chances were {told}{at}."
    if decision["action"] != NONE:
        yield f"So the person was given: {decision['action']}."
    elif aa:
        yield "So nothing was done: this trigger is an A/A comparison, which does nothing on either side."
    elif decision.get("arm") == Arm.HELD_OUT:
        yield "So nothing was done; what would have been done is noted, to keep the groups alike."
    else:
        yield "So nothing was done, to learn what happens when people like this are left alone."


def _versions(decision: Mapping[str, Any]) -> Iterator[str]:
    names = {"plan": "plan_version", "policy": "policy_version", "run": "run_id"}
    known = {what: decision.get(column) for what, column in names.items()}
    known |= decision.get("artifacts") or {}
    told = ", ".join(f"{what} {version}" for what, version in known.items() if version)
    if told:
        yield f"Decided by {told}."


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def money(minor: float, currency: str) -> str:
    """Return an amount of minor units as people write it."""
    return f"{minor / 100:,.2f} {currency}".rstrip()


def _moment(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _span(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"
