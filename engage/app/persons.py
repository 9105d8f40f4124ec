"""One person, by Engage's id or the company's own number, and what is known without addresses."""

from __future__ import annotations

from typing import Any

from engage.app.app import App
from engage.app.intervals import with_intervals
from engage.app.masking import masked
from engage.collect.keys import CUSTOMERS
from engage.domain.catalog import QUERYABLE
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.ids import Prefix, derive
from engage.domain.relations import Relation
from engage.domain.values import VALUES
from engage.errors import WrongUse
from engage.store import Tx, assignments, outbox, people, rows, scores

_HIDDEN = frozenset({"destination", "body"})
_TELLING = {**QUERYABLE, EXCLUSIONS.name: EXCLUSIONS, VALUES.name: VALUES}
"""Where a row means that something is known of its person."""


def ids_of(tx: Tx, person: str) -> list[str]:
    """Return every id of a person of whom something is known; empty when nothing is.

    `person` is our own id (per_...) or the number that the company's files have for them; files
    that count people apart (`[person] source`) have `source:number`.
    """
    ids = people.everyone(tx, _named(person))
    known = (rows.read(tx, one, person_ids=ids, limit=1) for one in _TELLING.values())
    return ids if any(found.num_rows for found in known) else []


def unknown(person: str) -> WrongUse:
    """Return what is to be said where nothing is known of a person."""
    return WrongUse(
        f"nothing is known of {person!r}; give your own number of the person, as your files "
        "have it, or an id that begins with per_"
    )


def show_person(app: App, person: str) -> dict[str, Any]:
    """Return a person's rows in every relation, their arms, newest scores and messages.

    Numbers and addresses are hidden, also where a text or an attribute holds one. An amount has
    `low` and `high`, between which four in five people like this one end up.
    """
    with app.store.read() as tx:
        ids = ids_of(tx, person) or [person]
        canonical = people.canonical(tx, ids)[ids[0]]
        found: dict[str, Any] = {
            name: [masked(relation, row) for row in _rows(tx, relation, ids)]
            for name, relation in _TELLING.items()
        }
        found["assignments"] = assignments.read(tx, ids).to_pylist()
        held = scores.latest(tx, ids).to_pylist()
        found["scores"] = list(with_intervals(tx, held))
        messages = outbox.read(tx, person_ids=ids).to_pylist()
    if not any(found.values()):
        raise unknown(person)
    shown = [{k: v for k, v in row.items() if k not in _HIDDEN} for row in messages]
    return {"person_id": canonical, "identities": ids, **found, "messages": shown}


def _rows(tx: Tx, relation: Relation, ids: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rows.read(tx, relation, person_ids=ids).to_pylist()
    return found


def _named(person: str) -> list[str]:
    if person.startswith(f"{Prefix.PERSON}_"):
        return [person]
    numbered = [(CUSTOMERS, person), *([tuple(person.split(":"))] if ":" in person else [])]
    return [derive(Prefix.PERSON, *key) for key in numbered]
