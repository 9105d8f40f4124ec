"""What a replay found, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # It loads the libraries that `engage --help` does without.
    from engage.app.replay.replaying import Replay

SHOWN = 5
"""Differences of a step that are told; `--json` has every one."""


def words(found: Replay) -> Iterator[str]:
    """Yield a line for each step, what came out otherwise in it, and the sum of it all."""
    if not found.decisions:
        yield "Nothing has been decided yet, so there is nothing to replay."
        return
    from engage.app.replay.stage import STAGES

    told = found.told["stages"]
    for name, stage in told.items():
        yield f"{name:<10} {_counts(stage)}: {STAGES[name]}"
        yield from _details(stage)
    if found.identical == found.decisions:
        yield f"Replay of {found.decisions:,} of {found.of:,} decisions: identical."
    else:
        others = found.decisions - found.identical
        yield f"Replay of {found.decisions:,} of {found.of:,} decisions: {others:,} not identical."


def _counts(stage: dict[str, Any]) -> str:
    different = len({one["decision_id"] for one in stage["different"]})
    lost = sum(len(ids) for ids in stage["not_replayed"].values())
    more = {"different": different, "not replayed": lost}
    return ", ".join(
        [f"{stage['same']:,} same", *(f"{n:,} {what}" for what, n in more.items() if n)]
    )


def _details(stage: dict[str, Any]) -> Iterator[str]:
    for one in stage["different"][:SHOWN]:
        was, now = one["stored"], one["calculated"]
        yield f"  {one['decision_id']} {one['what']}: stored {was}, calculated {now}"
    if len(stage["different"]) > SHOWN:
        yield f"  and {len(stage['different']) - SHOWN:,} more, see --json"
    for why, ids in stage["not_replayed"].items():
        yield f"  {len(ids):,} not replayed, the first {ids[0]}: {why}"
    for why, n in stage["nothing_to_replay"].items():
        yield f"  {n:,} with nothing to replay: {why}"
