"""What the demonstration tells at its end, in words a contact-centre manager understands."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from shutil import which
from typing import Any

from engage.cli.demo_run import Demonstration
from engage.domain.reasons import Reason
from engage.measure.judge import NO_MODEL

_SEEN = {
    "sessions": "visits",
    "events": "steps on the page",
    "interactions": "calls and messages",
    "transactions": "transactions",
    "appointments": "appointments",
}
_SCORING = ("score_sessions", "score_interactions", "remind_appointments")
_STORY = 12
"""Lines of a story; the rest is what `engage explain` is for."""
_TABLE = "  {:<29}{:>9}{:>9}  {:<25}{:>8}{:>14}{:>14}"


def summary(found: Demonstration) -> Iterator[str]:
    """Yield the summary line by line."""
    counts, triggers = found.counts, found.report["triggers"]
    seen = ", ".join(f"{counts.get(kind, 0):,} {called}" for kind, called in _SEEN.items())
    made = sum(found.jobs.get(job, 0) for job in _SCORING)
    yield ""
    yield f"Took        {found.seconds:.0f} s, {found.peak_memory_mb:.0f} MB at most"
    yield f"Seen        {seen}"
    yield f"Scored      {counts['scored']:,} visits, contacts and people, by {counts['models']} models learned from the history"
    yield f"Qualified   {counts['decisions']:,} times; {_sum(triggers, 'qualified'):,} when each person counts once a trigger, {_sum(triggers, 'held_out'):,} of them left alone to compare with"
    yield f"Offered     {made:,} times; {counts.get('reached', 0):,} offers reached somebody"
    yield "Refused     most often because (times; one person may be refused for several reasons):"
    yield from _refused(found.refused)
    yield ""
    yield "What it changed: the treated against those left alone, with the 95 % interval; beside it the"
    yield "truth, which only the simulation knows."
    yield ""
    yield from _effects(triggers, found.truth, found.currency)
    for number, story in enumerate(found.stories.values(), 1):
        yield ""
        yield f"Case {number}"
        yield from (f"  {line}" for line in story[:_STORY])
    yield ""
    yield f"The project is in {found.folder}. Try next:"
    engage = _called()
    why = [f"explain {subject}" for subject in list(found.stories)[:1]]
    for command in ("report", "decisions list", *why, "models list", "doctor", "verify"):
        yield f"  {engage} {command} --project {found.folder}"


def _called() -> str:
    """Return how whoever reads this may call `engage`: by its path while it is not to be found."""
    called = sys.argv[0]
    return called if Path(called).name == "engage" and not which("engage") else "engage"


def _sum(triggers: Iterable[Mapping[str, Any]], name: str) -> int:
    return sum(int(one.get(name) or 0) for one in triggers)


def _refused(refused: Mapping[str, int]) -> Iterator[str]:
    known = {reason.value: reason.sentence for reason in Reason}
    for reason, n in sorted(refused.items(), key=lambda item: -item[1])[:6]:
        yield f"  {n:>7,} x  {known.get(reason, reason)}"


def _effects(
    triggers: Iterable[Mapping[str, Any]],
    truth: Mapping[str, Mapping[str, Any]],
    currency: str,
) -> Iterator[str]:
    """Yield a line for each trigger: shares that reached its goal, effect, truth, money."""
    unit = f"{currency} each"
    yield _TABLE.format("", "treated", "alone", "effect, points", "truth", "margin", "value")
    yield _TABLE.format("", "", "", "", "", unit, unit).rstrip()
    for one in triggers:
        effect, true = one["effect"], truth.get(one["name"], {}).get("between_arms")
        told = "-" if true is None or math.isnan(true) else f"{100 * true:+.1f}"
        if effect.get("withheld"):
            yield f"  {one['name']:<29}  not shown: {effect['withheld']}"
            continue
        low, high = (100 * effect[end] for end in ("low", "high"))
        yield _TABLE.format(
            one["name"],
            f"{100 * effect['mean_treated']:.1f} %",
            f"{100 * effect['mean_held_out']:.1f} %",
            f"{100 * effect['estimate']:+.1f} ({low:+.1f} to {high:+.1f})",
            told,
            _money(one["margin"]),
            _money(one["clv_change"]),
        )
    yield ""
    yield "  margin: realised so far. value: predicted for twelve months, a surrogate."
    for why in {one["clv_change"].get("withheld", "") for one in triggers} & {NO_MODEL}:
        yield f"  value is not shown: {why}."


def _money(found: Mapping[str, Any]) -> str:
    estimate = found.get("estimate")
    return "-" if estimate is None else f"{estimate / 100:+,.0f}"
