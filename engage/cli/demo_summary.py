"""What the demonstration tells at its end, in words a contact-centre manager understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engage.cli.demo_run import Demonstration
from engage.domain.reasons import Reason

_SEEN = ("events", "interactions", "transactions", "appointments")
_SCORING = ("score_sessions", "score_interactions", "remind_appointments")
_STORY = 14
"""Lines of a story; the rest is what `engage explain` is for."""


def summary(found: Demonstration) -> Iterator[str]:
    """Yield the summary line by line."""
    counts = found.counts
    seen = ", ".join(f"{counts.get(kind, 0):,} {kind}" for kind in _SEEN)
    made = sum(found.jobs.get(job, 0) for job in _SCORING)
    yield ""
    yield f"Took        {found.seconds:.0f} s, {found.peak_memory_mb:.0f} MB at most"
    yield f"Seen        {seen}"
    yield f"Learned     {found.jobs.get('train_models', 0)} models promoted"
    yield f"Decided     {made:,} offers; {counts.get('reached', 0):,} reached somebody"
    yield "Refused     most often because:"
    yield from _refused(found.refused)
    yield ""
    yield "What it changed, the treated against the held out; beside it the truth, which only the"
    yield "simulation knows:"
    for trigger in found.report["triggers"]:
        yield ""
        yield from _trigger(trigger, found.truth.get(trigger["name"], {}))
    for number, story in enumerate(found.stories, 1):
        yield ""
        yield f"Case {number}"
        yield from (f"  {line}" for line in story[:_STORY])
    yield ""
    yield f"The project is in {found.folder}. Try next:"
    for command in ("report", "decisions list", "models list", "verify", "jobs"):
        yield f"  engage {command} --project {found.folder}"


def _refused(refused: Mapping[str, int]) -> Iterator[str]:
    known = {reason.value: reason.sentence for reason in Reason}
    for reason, n in sorted(refused.items(), key=lambda item: -item[1])[:6]:
        yield f"  {n:>7,} x  {known.get(reason, reason)}"


def _trigger(trigger: Mapping[str, Any], truth: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {trigger['name']}"
    yield from (f"    {line}" for line in trigger["sentences"])
    if truth and truth["effect"] == truth["effect"]:
        yield f"    Truth: {100 * truth['effect']:+.1f} points among the treated."
