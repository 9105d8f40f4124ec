"""A report in words that a contact-centre manager understands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from engage.measure.words import long_term_sentences

Found = Mapping[str, Any]
_OLD = timedelta(days=2)
"""Whoever brings in files once a day is up to date."""


def report_lines(report: Found, currency: str) -> Iterator[str]:
    """Yield a report line by line: who qualified, what changed, how sure that is."""
    begun = str(report["from"])[:10] if report["from"] else "the beginning"
    yield f"Effect of outreach, {begun} to {str(report['to'])[:10]}"
    if not any(one["qualified"] or one.get("actions") for one in report["triggers"]):
        yield f"  {_nobody(report)}"
        return
    yield from _stale(report)
    for trigger in report["triggers"]:
        yield ""
        yield f"  {trigger['name']}"
        told = campaign_lines(trigger, currency) if trigger.get("actions") else trigger["sentences"]
        yield from (f"    {line}" for line in told)
    if "long_term" in report:
        yield ""
        yield "  Left alone for long"
        yield from (f"    {line}" for line in long_term_sentences(report["long_term"]))


def _stale(report: Found) -> Iterator[str]:
    """Yield what old data mean for the figures, where they are old."""
    known, to = (datetime.fromisoformat(report[end]) for end in ("known_until", "to"))
    if to - known > _OLD:
        yield (
            f"  What people do is known until {known:%Y-%m-%d} only; whose horizon ends later does "
            "not count yet. `engage import` brings in what is newer."
        )


def _nobody(report: Found) -> str:
    """Return what to do while nobody has qualified for any trigger."""
    refused: Counter[str] = Counter()
    for trigger in report["triggers"]:
        refused.update(trigger.get("refused", {}))
    if not refused:
        return (
            "Nobody has qualified yet: no trigger has fired. Bring in what happened with "
            "`engage import`, then let the jobs run: `engage run`."
        )
    counted = ", ".join(f"{reason} {count:,}" for reason, count in refused.most_common())
    return (
        f"Nobody has qualified yet: triggers fired, but everybody was refused ({counted}). "
        "docs/reasons.md says what each reason means."
    )


def campaign_lines(trigger: Found, currency: str) -> Iterator[str]:
    """Yield what each action of a campaign that others ran changed, against doing nothing."""
    for one in trigger["actions"]:
        unit = currency if one["unit"] == "minor" else ""
        yield f"{one['action']} on {one['goal']}: {estimate_words(one['effect'], unit)}"


def estimate_words(effect: Found, currency: str = "") -> str:
    """Return an estimate with its interval, or why there is none."""
    if effect.get("withheld"):
        return f"not shown: {effect['withheld']}"
    low, high = _number(effect["low"], currency), _number(effect["high"], currency)
    people = f"{effect['n_treated']:,} against {effect['n_held_out']:,} people"
    return f"{_number(effect['estimate'], currency)} ({low} to {high}; {people})"


def _number(value: float, currency: str) -> str:
    if currency:
        return f"{value / 100:+,.3f} {currency}"
    return f"{100 * value:+.2f} points"
