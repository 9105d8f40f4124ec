from __future__ import annotations

import pyarrow as pa
import pytest

from engage.domain.catalog import ARCHIVED, IMPORTABLE
from engage.domain.decisions import DECISIONS
from engage.domain.events import EVENTS
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.people import PEOPLE
from engage.domain.sessions import SESSIONS
from engage.features.schema import arrow_schema
from engage.store import Store, decisions, rows, sessions
from tests.store.samples import HOUR, MINUTE, NOON, events
from tests.store.samples import rows as table_of


@pytest.mark.parametrize("name", sorted({**ARCHIVED, **IMPORTABLE}))
def test_every_relation_comes_out_in_the_shape_that_queries_read(store: Store, name: str) -> None:
    relation = {**ARCHIVED, **IMPORTABLE}[name]
    with store.read() as tx:
        out = rows.read(tx, relation)
    assert out.schema.equals(arrow_schema(relation).remove_metadata()) or (
        out.schema.names == arrow_schema(relation).names
        and out.schema.types == arrow_schema(relation).types
    )


def test_rows_are_found_by_person_time_and_order(store: Store) -> None:
    with store.write() as tx:
        rows.add(tx, EVENTS, events(3), NOON)
        rows.add(tx, EVENTS, events(2, start=3, person_id="per_b"), NOON)
        ours = rows.read(tx, EVENTS, person_ids=["per_b"])
        middle = rows.read(tx, EVENTS, since=NOON + MINUTE, until=NOON + 3 * MINUTE)
        first = rows.read(tx, EVENTS, limit=2, with_seq=True)
        rest = rows.read(tx, EVENTS, after_seq=first["seq"][-1].as_py())
        assert rows.find(tx, EVENTS, "event_id", "evt_000004")[0]["ts"] == NOON + 4 * MINUTE
        assert rows.count(tx, EVENTS) == 5
    assert ours["event_id"].to_pylist() == ["evt_000003", "evt_000004"]
    assert middle["event_id"].to_pylist() == ["evt_000001", "evt_000002"]
    assert rest["event_id"].to_pylist() == ["evt_000002", "evt_000003", "evt_000004"]


def test_times_with_a_zone_are_the_same_moment(store: Store) -> None:
    berlin = events(1).set_column(1, "ts", pa.array([NOON], pa.timestamp("ns", "Europe/Berlin")))
    with store.write() as tx:
        rows.add(tx, EVENTS, berlin, NOON)
        assert rows.read(tx, EVENTS)["ts"].to_pylist() == [NOON.replace(tzinfo=None)]


def test_a_row_written_again_stands_after_what_was_read_before(store: Store) -> None:
    with store.write() as tx:
        rows.add(tx, EVENTS, events(3), NOON)
        last = rows.read(tx, EVENTS, with_seq=True)["seq"][-1].as_py()
        assert rows.replace(tx, EVENTS, events(1, session_id="ses_b"), NOON) == 1
        again = rows.read(tx, EVENTS, after_seq=last)
        assert rows.count(tx, EVENTS) == 3
        assert rows.replace(tx, EVENTS, events(0), NOON) == 0
    assert again.select(["event_id", "session_id"]).to_pylist() == [
        {"event_id": "evt_000000", "session_id": "ses_b"}
    ]


def test_versions_of_a_person_are_never_rewritten(store: Store) -> None:
    version = table_of({"person_id": "per_a", "valid_from": NOON, "known_at": NOON})
    with pytest.raises(ValueError, match="never rewritten"), store.write() as tx:
        rows.replace(tx, PEOPLE, version, NOON)


def test_imported_decisions_stand_beside_our_own(store: Store) -> None:
    past = table_of(
        {
            "decision_id": "dec_past",
            "person_id": "per_a",
            "trigger": "spring_mailing",
            "decided_at": NOON,
            "known_at": NOON,
            "arm": "treated",
            "action": "mens_email",
            "propensity": 1 / 3,
        }
    )
    with store.write() as tx:
        assert rows.add(tx, DECISIONS, past, NOON) == 1
        assert decisions.read(tx, source="import")["propensity"].to_pylist() == [1 / 3]
        assert decisions.qualifications(tx).num_rows == 0


def test_exclusions_count_once_by_person_reason_and_beginning(store: Store) -> None:
    listed = table_of(
        {
            "person_id": "per_a",
            "reason": "bereavement",
            "valid_from": NOON,
            "known_at": NOON,
            "must_serve": False,
        }
    )
    with store.write() as tx:
        assert rows.add(tx, EXCLUSIONS, listed, NOON) == 1
        assert rows.add(tx, EXCLUSIONS, listed, NOON) == 0


def test_a_visit_is_alive_from_its_last_event_on(store: Store) -> None:
    def visit(name: str, last_hours: int) -> dict[str, object]:
        return {
            "session_id": name,
            "person_id": f"per_{name}",
            "started_at": NOON,
            "known_at": NOON,
            "last_at": NOON + last_hours * HOUR,
        }

    with store.write() as tx:
        rows.add(tx, SESSIONS, table_of(visit("a", 1), visit("b", 2), visit("c", 3)), NOON)
        now = sessions.alive(tx, NOON + HOUR, NOON + 2 * HOUR)
        ours = sessions.of_people(tx, ["per_a", "per_c"], NOON + 2 * HOUR)
    assert now["session_id"].to_pylist() == ["b"]
    assert now["last_at"].to_pylist() == [(NOON + 2 * HOUR).replace(tzinfo=None)]
    assert ours["session_id"].to_pylist() == ["c"]
