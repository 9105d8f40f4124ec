"""The switch that stops everything outbound; it is read before each message, in its transaction."""

from __future__ import annotations

from datetime import datetime

from engage.store import Tx, marks

MARK = "killswitch"


def stopped(tx: Tx) -> str:
    """Return since when nothing may leave and who said so; empty when messages may leave."""
    return marks.get(tx, MARK) or ""


def stop(tx: Tx, who: str, now: datetime) -> None:
    """Stop everything outbound; what is due stays where it is."""
    marks.set(tx, MARK, f"{now.isoformat(timespec='seconds')} by {who}")


def resume(tx: Tx) -> None:
    """Let messages leave again."""
    marks.set(tx, MARK, "")
