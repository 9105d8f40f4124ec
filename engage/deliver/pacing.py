"""How fast: how long a message waits before it is tried again."""

from __future__ import annotations

from datetime import timedelta

from engage.domain.ids import draw

BASE_S = 1.0
CAP_S = 60.0


def backoff(key: bytes, message_id: str, attempt: int) -> timedelta:
    """Return the wait after the attempt of this number, counted from one.

    Full jitter over an exponential ceiling, 1 s doubled each time up to 60 s (Brooker,
    "Exponential Backoff and Jitter", 2015); the draw is keyed, so a replay waits as long.
    """
    ceiling = min(CAP_S, BASE_S * 2.0 ** (attempt - 1))
    return timedelta(seconds=ceiling * draw(key, message_id, "backoff", str(attempt)))
