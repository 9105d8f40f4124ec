"""Every rule that was asked about an action, and whether the action passed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engage.domain.reasons import Reason

ARMS = (Reason.HELD_OUT_GLOBAL, Reason.HELD_OUT_TRIGGER)
"""Asked of the person once an action is allowed, not of the action."""
ASKED = tuple(reason for reason in Reason if reason not in ARMS)


def rules(decision: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return {action: [{reason, sentence, passed}]} for all that was offered, every rule in order.

    `sentence` is what would be said of an action that fails the rule. `passed` is None for the price
    of what was refused before: it was not weighed any more.
    """
    offered: Mapping[str, Any] = decision.get("values") or {}
    return {name: _asked(set(parts["refused"])) for name, parts in sorted(offered.items())}


def _asked(refused: set[str]) -> list[dict[str, Any]]:
    unweighed = refused - {Reason.BELOW_PRICE}
    return [
        {
            "reason": str(reason),
            "sentence": reason.sentence,
            "passed": None
            if reason is Reason.BELOW_PRICE and unweighed
            else str(reason) not in refused,
        }
        for reason in ASKED
    ]
