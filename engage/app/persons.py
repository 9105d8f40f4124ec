"""Everything that is known about one person, without numbers and addresses."""

from __future__ import annotations

from typing import Any

from engage.app.app import App
from engage.domain.catalog import QUERYABLE
from engage.errors import WrongUse
from engage.store import assignments, outbox, people, rows

_HIDDEN = frozenset({"destination", "body"})


def show_person(app: App, person: str) -> dict[str, Any]:
    """Return a person's rows in every relation, their arms and messages."""
    with app.store.read() as tx:
        ids = sorted({person, *people.members(tx, [person])["member_id"].to_pylist()})
        found: dict[str, Any] = {
            name: rows.read(tx, relation, person_ids=ids).to_pylist()
            for name, relation in QUERYABLE.items()
        }
        found["assignments"] = assignments.read(tx, ids).to_pylist()
        messages = outbox.read(tx, person_ids=ids).to_pylist()
    if not any(found.values()):
        raise WrongUse(f"nothing is known of {person!r}; a person's id begins with per_")
    shown = [{k: v for k, v in row.items() if k not in _HIDDEN} for row in messages]
    return {"person_id": person, "identities": ids, **found, "messages": shown}
