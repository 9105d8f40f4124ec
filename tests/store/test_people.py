from __future__ import annotations

import pyarrow as pa

from engage.store import Store, assignments, people
from engage.store.suppressions import key_hash
from tests.store.samples import HOUR, NOON, rows

KEY = b"stop list key"


def link(earlier: str, canonical: str) -> dict[str, object]:
    return {"person_id": earlier, "canonical_id": canonical, "known_at": NOON}


def point(person: str, value: str, hours: int = 0, kind: str = "phone") -> dict[str, object]:
    return {"person_id": person, "kind": kind, "value": value, "known_at": NOON + hours * HOUR}


def test_a_chain_of_identities_ends_at_the_person(store: Store) -> None:
    with store.write() as tx:
        people.add_links(tx, rows(link("per_1", "per_2"), link("per_2", "per_a")), NOON)
        people.add_links(tx, rows(link("per_3", "per_a")), NOON)
        ends = people.canonical(tx, ["per_1", "per_3", "per_a", "per_x"])
        everyone = people.everyone(tx, ["per_2"])
        members = people.members(tx, ["per_3", "per_x"])
    assert ends == {"per_1": "per_a", "per_3": "per_a", "per_a": "per_a", "per_x": "per_x"}
    assert everyone == ["per_1", "per_2", "per_3", "per_a"]
    assert members.num_rows == 5
    assert members.filter(pa.compute.equal(members["person_id"], "per_x"))[
        "member_id"
    ].to_pylist() == ["per_x"]


def test_a_circle_of_identities_ends_all_the_same(store: Store) -> None:
    with store.write() as tx:
        people.add_links(tx, rows(link("per_1", "per_2"), link("per_2", "per_1")), NOON)
        people.add_links(tx, rows(link("per_3", "per_3")), NOON)
        assert people.everyone(tx, ["per_1"]) == ["per_1", "per_2"]
        assert people.everyone(tx, ["per_3"]) == ["per_3"]


def test_an_identity_stays_with_the_person_it_was_joined_to_first(store: Store) -> None:
    with store.write() as tx:
        assert people.add_links(tx, rows(link("per_1", "per_a")), NOON) == 1
        assert people.add_links(tx, rows(link("per_1", "per_b")), NOON) == 0
        assert people.canonical(tx, ["per_1"]) == {"per_1": "per_a"}


def test_a_link_joins_the_arms_of_the_two(store: Store) -> None:
    arm = {"scope": "global", "epoch": "1", "share": 0.1}
    with store.write() as tx:
        assignments.store_first(
            tx,
            rows(
                {"person_id": "per_1", "arm": "held_out", "assigned_at": NOON, **arm},
                {"person_id": "per_a", "arm": "treated", "assigned_at": NOON + HOUR, **arm},
            ),
        )
        people.add_links(tx, rows(link("per_1", "per_a")), NOON)
        held = assignments.read(tx, ["per_a"]).to_pylist()[0]
    assert (held["arm"], held["merged_flag"]) == ("held_out", True)


def test_the_number_that_was_learned_last_is_used_under_any_identity(store: Store) -> None:
    with store.write() as tx:
        people.add_links(tx, rows(link("per_1", "per_a")), NOON)
        people.add_contact_points(
            tx,
            rows(
                point("per_1", "+491700000001"),
                point("per_a", "+491700000002", 1),
                point("per_a", "a@example.org", 2, kind="email"),
            ),
        )
        assert people.destination(tx, "per_1", "phone") == "+491700000002"
        assert people.destination(tx, "per_a", "email") == "a@example.org"
        assert people.destination(tx, "per_x", "phone") is None
        assert people.find(tx, "phone", "+491700000001") == ["per_1"]


def test_a_stopped_number_stops_everybody_who_has_it_and_is_stored_as_a_hash(
    store: Store,
) -> None:
    number = "+491700000001"
    with store.write() as tx:
        people.add_links(tx, rows(link("per_1", "per_a")), NOON)
        people.add_contact_points(tx, rows(point("per_1", number), point("per_b", number)))
        new = people.suppress_number(tx, number, key=KEY, reason="opt_out", source="sms", now=NOON)
        again = people.suppress_number(
            tx, number, key=KEY, reason="opt_out", source="sms", now=NOON
        )
        held = tx.exec_driver_sql("SELECT key_hash FROM suppressions").scalars().all()
    # The number, and its holders per_1 (with per_a, the same person) and per_b.
    assert (new, again) == (4, 0)
    assert key_hash(KEY, "number", number) in held
    assert not any(number in one or "per_" in one for one in held)


def test_who_asks_may_be_written_to_again(store: Store) -> None:
    with store.write() as tx:
        people.suppress(tx, KEY, reason="opt_out", at=NOON, number="+491700000001")
        assert people.lift(tx, KEY, number="+491700000001") == 1
        assert people.lift(tx, KEY, number="+491700000001") == 0
