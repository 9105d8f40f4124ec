"""A report in words that a contact-centre manager understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Found = Mapping[str, Any]


def report_lines(report: Found, currency: str) -> Iterator[str]:
    """Yield a report line by line: who qualified, what changed, how sure that is."""
    yield f"Effect of outreach, {str(report['from'])[:10]} to {str(report['to'])[:10]}"
    if not report["triggers"]:
        yield "  Nobody has qualified for a trigger yet."
    for trigger in report["triggers"]:
        yield ""
        yield from trigger_lines(trigger, currency)


def trigger_lines(trigger: Found, currency: str) -> Iterator[str]:
    """Yield what is known about one trigger."""
    yield (
        f"  {trigger['name']}: {trigger['qualified']:,} people qualified, "
        f"{trigger['held_out']:,} held out, {trigger['contacted']:,} contacted"
    )
    for name, effect in _effects(trigger):
        yield f"    {name}: {estimate_words(effect, currency if name in _MONEY else '')}"
    if trigger.get("minutes_note"):
        yield f"    {trigger['minutes_note']}"


_MONEY = frozenset({"margin", "predicted lifetime value"})


def _effects(trigger: Found) -> Iterator[tuple[str, Found]]:
    goal = trigger.get("goal") or "goal"
    if trigger.get("effect"):
        yield goal, trigger["effect"]
    for arm in trigger.get("actions", ()):
        yield f"{arm['action']} on {arm['goal']}", arm["effect"]
    if trigger.get("margin"):
        yield "margin", trigger["margin"]
    if trigger.get("clv_change"):
        yield "predicted lifetime value", trigger["clv_change"]


def estimate_words(effect: Found, currency: str = "") -> str:
    """Return an estimate with its interval, or why there is none."""
    if effect.get("withheld"):
        return f"not shown: {effect['withheld']}"
    if effect.get("estimate") is None or effect["estimate"] != effect["estimate"]:
        return "too early to say: no window has run its course in both groups"
    low, high = _number(effect["low"], currency), _number(effect["high"], currency)
    people = f"{effect['n_treated']:,} against {effect['n_held_out']:,} people"
    return f"{_number(effect['estimate'], currency)} ({low} to {high}; {people})"


def _number(value: float, currency: str) -> str:
    if currency:
        return f"{value / 100:+,.2f} {currency}"
    return f"{100 * value:+.1f} points"
