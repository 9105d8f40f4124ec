"""Small rows that the store's tests begin from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from engage.domain.decisions import DECISIONS
from engage.store import bulk

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def rows(*dicts: dict[str, Any]) -> pa.Table:
    """Return a table of these rows."""
    return pa.Table.from_pylist(list(dicts))


def events(n: int, start: int = 0, **columns: Any) -> pa.Table:
    """Return n page views of one person, a minute apart."""
    made = pa.table(
        {
            "event_id": [f"evt_{i:06d}" for i in range(start, start + n)],
            "ts": pa.array([NOON + i * MINUTE for i in range(start, start + n)]),
        }
    )
    if "known_at" not in columns:
        made = made.append_column("known_at", made["ts"])
    given = {"person_id": "per_a", "session_id": "ses_a", "type": "page"}
    return bulk.filled(made, **(given | columns))


def decision(number: int = 1, **columns: Any) -> dict[str, Any]:
    """Return one qualified decision to send an SMS."""
    made = dict.fromkeys(DECISIONS.column_names) | {
        "decision_id": f"dec_{number}",
        "person_id": "per_a",
        "subject_id": "ses_a",
        "trigger": "application_abandoned",
        "trigger_version": 1,
        "decided_at": NOON,
        "known_at": NOON,
        "arm": "treated",
        "action": "sms",
        "propensity": 0.9,
        "qualified": True,
        "plan_version": "pln_1",
    }
    return made | columns


def message(number: int = 1, **columns: Any) -> dict[str, Any]:
    """Return the outbox row of that decision: due at noon, with an hour to live."""
    made = {
        "message_id": f"msg_{number:05d}",
        "decision_id": f"dec_{number}",
        "person_id": f"per_{number}",
        "channel": "sms",
        "action": "sms",
        "class": "marketing",
        "destination": "+15005550006",
        "body": "Hello",
        "reference": f"R{number}",
        "details": "{}",
        "due_at": NOON,
        "expires_at": NOON + HOUR,
    }
    return made | columns


def contact(number: int = 1, **columns: Any) -> dict[str, Any]:
    """Return one wish to contact a person by SMS at noon."""
    made = {
        "decision_id": f"dec_{number}",
        "person_id": "per_a",
        "subject_id": "ses_a",
        "channel": "sms",
        "class": "marketing",
        "at": NOON,
    }
    return made | columns
