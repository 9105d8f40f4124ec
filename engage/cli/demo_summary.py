"""What the demonstration tells at its end, in words a contact-centre manager understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engage.app.wording import estimate_words
from engage.cli.demo_run import Demonstration
from engage.domain.reasons import Reason

_SEEN = ("events", "interactions", "transactions", "appointments")


def summary(found: Demonstration) -> Iterator[str]:
    """Yield the summary line by line."""
    counts = found.counts
    yield ""
    yield f"The bank lived through its weeks in {found.seconds:.0f} s ({found.peak_memory_mb:.0f} MB)."
    seen = ", ".join(f"{counts.get(kind, 0):,} {kind}" for kind in _SEEN)
    yield f"Seen        {seen}"
    yield f"Decided     {found.jobs.get('score_sessions', 0) + found.jobs.get('score_interactions', 0):,} offers made"
    yield from _refused(found.refused)
    yield ""
    yield "What it changed, against the people held out, with 95 % intervals; beside it the truth,"
    yield "which only the simulation knows:"
    for trigger in found.report["triggers"]:
        yield from _trigger(trigger, found.truth.get(trigger["name"], {}), found.currency)
    for number, story in enumerate(found.stories, 1):
        yield ""
        yield f"Case {number}"
        yield from (f"  {line}" for line in story)
    yield ""
    yield f"The project is in {found.folder}. Try next:"
    for command in ("report", "decisions list", "models list", "verify", "explain DECISION"):
        yield f"  engage {command} --project {found.folder}"


def _refused(refused: Mapping[str, int]) -> Iterator[str]:
    for reason, n in sorted(refused.items(), key=lambda item: -item[1])[:6]:
        words = Reason(reason).sentence if reason in set(Reason) else reason
        yield f"  {n:>7,} x  {words}"


def _trigger(
    trigger: Mapping[str, Any], truth: Mapping[str, float], currency: str
) -> Iterator[str]:
    name = trigger["name"]
    yield (
        f"  {name}: {trigger['qualified']:,} qualified, {trigger['held_out']:,} held out, "
        f"{trigger['contacted']:,} contacted"
    )
    effect = trigger["effect"]
    true = f"   truth {100 * truth['effect']:+.1f} points" if "effect" in truth else ""
    yield f"      {trigger.get('goal', 'goal')}: {estimate_words(effect)}{true}"
    if trigger.get("margin"):
        yield f"      margin per person: {estimate_words(trigger['margin'], currency)}"
    if trigger.get("clv_change"):
        words = estimate_words(trigger["clv_change"], currency)
        yield f"      predicted lifetime value: {words}"
