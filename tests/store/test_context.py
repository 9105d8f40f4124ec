from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from engage.domain.callbacks import CallbackState
from engage.domain.events import EVENTS
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.people import PEOPLE
from engage.store import (
    Store,
    Tx,
    assignments,
    callbacks,
    context,
    ledger,
    live,
    outbox,
    people,
)
from engage.store import rows as relation_rows
from engage.store.callbacks import Callback
from tests.store.samples import DAY, HOUR, NOON, contact, events, message, rows

KEY = b"stop list key"
PHONE = "+491700000001"


def read(tx: Tx, *person_ids: str, now: datetime = NOON) -> dict[str, list[dict[str, Any]]]:
    found = context.read(tx, list(person_ids), now, KEY)
    return {name: table.to_pylist() for name, table in found.items()}


def join(tx: Tx) -> None:
    link = {"person_id": "per_web", "canonical_id": "per_a", "known_at": NOON - DAY}
    people.add_links(tx, rows(link), NOON)


def test_nothing_is_known_of_a_stranger_and_every_table_is_there(store: Store) -> None:
    with store.read() as tx:
        found = context.read(tx, ["per_x"], NOON, KEY)
    assert all(table.num_rows == 0 for table in found.values())
    assert set(found) == {
        "people",
        "contact_points",
        "consents",
        "suppressions",
        "exclusions",
        "contacts",
        "ghosts",
        "open_actions",
        "assignments",
        "zones",
    }


def test_the_newest_version_known_by_now_counts(store: Store) -> None:
    def version(hours: float, text: str, valid: int = 0) -> dict[str, object]:
        times = {"valid_from": NOON + valid * HOUR, "known_at": NOON + hours * HOUR}
        return {"person_id": "per_a", "attributes": text, **times}

    with store.write() as tx:
        relation_rows.add(
            tx,
            PEOPLE,
            rows(
                version(-2, "old"),
                version(-1, "new"),
                version(1, "later"),
                version(-0.5, "next", 3),
            ),
            NOON,
        )
        assert [row["attributes"] for row in read(tx, "per_a")["people"]] == ["new"]


def test_the_last_word_on_each_purpose_counts(store: Store) -> None:
    def said(hours: int, granted: bool, purpose: str = "sms") -> dict[str, object]:
        at = NOON + hours * HOUR
        return {"person_id": "per_a", "purpose": purpose, "granted": granted, "at": at}

    with store.write() as tx:
        people.add_consents(
            tx, rows(said(-3, True), said(-1, False), said(1, True), said(-2, True, "call"))
        )
        found = {row["purpose"]: row["granted"] for row in read(tx, "per_a")["consents"]}
    assert found == {"sms": False, "call": True}


def test_a_stopped_number_is_found_whoever_has_it(store: Store) -> None:
    held = {"person_id": "per_a", "kind": "phone", "value": PHONE, "known_at": NOON}
    with store.write() as tx:
        people.suppress(tx, KEY, reason="opt_out", at=NOON, number=PHONE)
        assert read(tx, "per_a")["suppressions"] == []
        people.add_contact_points(tx, rows(held))
        found = read(tx, "per_a")["suppressions"]
        assert context.read(tx, ["per_a"], NOON, b"another key")["suppressions"].num_rows == 0
    assert [(row["person_id"], row["scope"]) for row in found] == [("per_a", "number")]


def test_an_exclusion_counts_while_it_is_in_force(store: Store) -> None:
    def listed(reason: str, begins: int, ends: int | None) -> dict[str, object]:
        until = None if ends is None else NOON + ends * HOUR
        times = {"valid_from": NOON + begins * HOUR, "valid_until": until, "known_at": NOON}
        return {"person_id": "per_a", "reason": reason, "must_serve": False, **times}

    with store.write() as tx:
        relation_rows.add(
            tx,
            EXCLUSIONS,
            rows(
                listed("staff", -2, None),
                listed("complaint", -2, 1),
                listed("minor", -2, 0),
                listed("litigation", 1, None),
            ),
            NOON,
        )
        found = {row["reason"] for row in read(tx, "per_a")["exclusions"]}
    assert found == {"staff", "complaint"}


def test_the_budget_of_thirty_days_is_read_with_its_rests_and_ghosts(store: Store) -> None:
    ghost = contact(9) | {"trigger": "call_abandoned", "action": "sms"}
    with store.write() as tx:
        ledger.reserve(tx, rows(contact(1), contact(2, at=NOON - 31 * DAY)), [])
        ledger.decline(tx, "dec_1", NOON + 3 * DAY)
        ledger.add_ghosts(tx, rows(ghost))
        found = read(tx, "per_a")
    assert [row["decision_id"] for row in found["contacts"]] == ["dec_1"]
    assert found["contacts"][0]["rest_until"] == (NOON + 3 * DAY).replace(tzinfo=None)
    assert [row["decision_id"] for row in found["ghosts"]] == ["dec_9"]


def test_open_offers_and_promised_calls_are_open_actions(store: Store) -> None:
    with store.write() as tx:
        outbox.add(tx, rows(message(1, person_id="per_a"), message(2, person_id="per_b")), NOON)
        outbox.cancel(tx, ["per_b"], now=NOON, note="")
        promised = Callback("cal_1", "per_b", CallbackState.BOOKED, NOON, NOON)
        callbacks.add(tx, promised)
        found = read(tx, "per_a", "per_b")["open_actions"]
    assert [(row["person_id"], row["kind"], row["id"], row["class"]) for row in found] == [
        ("per_a", "message", "msg_00001", "marketing"),
        ("per_b", "callback", "cal_1", ""),
    ]


def test_the_last_zone_that_a_page_reported_counts(store: Store) -> None:
    with store.write() as tx:
        relation_rows.add(tx, EVENTS, events(2, zone="Europe/Berlin", country="DE"), NOON)
        relation_rows.add(tx, EVENTS, events(1, start=2, zone="Asia/Tokyo", country="JP"), NOON)
        relation_rows.add(tx, EVENTS, events(1, start=3), NOON)
        found = read(tx, "per_a")["zones"]
    assert [(row["zone"], row["country"]) for row in found] == [("Asia/Tokyo", "JP")]


def test_what_belongs_to_another_identity_belongs_to_the_person(store: Store) -> None:
    arm = {"scope": "global", "epoch": "1", "share": 0.1}
    with store.write() as tx:
        join(tx)
        ledger.reserve(tx, rows(contact(1, person_id="per_web"), contact(2)), [])
        outbox.add(tx, rows(message(1, person_id="per_web")), NOON)
        people.suppress(tx, KEY, reason="opt_out", at=NOON, person_id="per_web")
        assignments.store_first(
            tx,
            rows(
                {"person_id": "per_a", "arm": "treated", "assigned_at": NOON + HOUR, **arm},
                {"person_id": "per_web", "arm": "held_out", "assigned_at": NOON, **arm},
            ),
        )
        found = read(tx, "per_a")
        both = read(tx, "per_a", "per_web")
    assert [row["person_id"] for row in found["contacts"]] == ["per_a", "per_a"]
    assert [row["person_id"] for row in found["open_actions"]] == ["per_a"]
    assert [row["person_id"] for row in found["suppressions"]] == ["per_a"]
    assert [(row["person_id"], row["arm"]) for row in found["assignments"]] == [
        ("per_a", "held_out")
    ]
    assert sorted(row["person_id"] for row in both["open_actions"]) == ["per_a", "per_web"]


def test_the_live_tables_hold_all_that_a_person_did_under_any_identity(store: Store) -> None:
    with store.write() as tx:
        join(tx)
        relation_rows.add(tx, EVENTS, events(2, person_id="per_web"), NOON)
        relation_rows.add(tx, EVENTS, events(2, start=2), NOON)
        relation_rows.add(tx, EVENTS, events(1, start=4, person_id="per_b"), NOON)
        found = live.relations(tx, ["per_a"], NOON + HOUR / 60)
    assert found["events"]["event_id"].to_pylist() == ["evt_000001", "evt_000002", "evt_000003"]
    assert found["links"].num_rows == 1
    assert isinstance(found["people"], pa.Table)
