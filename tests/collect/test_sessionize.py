from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.collect.schema import arrow_schema
from engage.collect.sessionize import SESSION_SCHEMA, sessionize
from engage.domain.events import EVENTS
from engage.domain.ids import Prefix, derive
from engage.domain.sessions import SILENCE
from tests.collect.samples import utc

NOON = utc(2026, 3, 1, 12)
MINUTE = timedelta(minutes=1)


def event(
    name: str,
    person: str,
    at: datetime,
    properties: str | None = None,
    learned: datetime | None = None,
) -> dict[str, Any]:
    return {
        "event_id": name,
        "person_id": person,
        "ts": at,
        "known_at": learned or at,
        "type": "page",
        "properties": properties,
    }


def table(*events: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(events), schema=arrow_schema(EVENTS))


def visits(*events: dict[str, Any], owners: pa.Table | None = None) -> list[list[str]]:
    """Return the ids of the events of each visit."""
    marked, _ = sessionize(table(*events), owners=owners)
    by: dict[str, list[str]] = {}
    for row in marked.to_pylist():
        by.setdefault(row["session_id"], []).append(row["event_id"])
    return sorted(by.values())


def test_thirty_silent_minutes_end_a_visit() -> None:
    found = visits(
        event("a", "p", NOON),
        event("b", "p", NOON + 30 * MINUTE - timedelta(microseconds=1)),
        event("c", "p", NOON + 60 * MINUTE),
    )
    # b comes one microsecond before the visit is over, c 30 minutes and one microsecond later.
    assert found == [["a", "b"], ["c"]]
    assert visits(event("a", "p", NOON), event("b", "p", NOON + 30 * MINUTE)) == [["a"], ["b"]]


def test_each_person_has_visits_of_their_own() -> None:
    assert visits(event("a", "p", NOON), event("b", "q", NOON + MINUTE)) == [["a"], ["b"]]


def test_a_visit_is_known_by_its_first_event_and_told_by_it_alone() -> None:
    first = event("a", "p", NOON, '{"device": "mobile", "utm_campaign": "spring"}', NOON + MINUTE)
    later = event("b", "p", NOON + 5 * MINUTE, '{"device": "desktop", "campaign": "other"}')
    _, sessions = sessionize(table(later, first))
    assert sessions.to_pylist() == [
        {
            "session_id": derive(Prefix.SESSION, "p", "a"),
            "person_id": "p",
            "started_at": NOON,
            "known_at": NOON + MINUTE,
            "channel": "web",
            "campaign": "spring",
            "device": "mobile",
            "last_at": NOON + 5 * MINUTE,
        }
    ]


def test_logging_in_does_not_cut_a_visit_in_two() -> None:
    owners = pa.table({"person_id": ["browser"], "canonical_id": ["ada"]})
    page, login = event("a", "browser", NOON), event("b", "ada", NOON + MINUTE)
    assert visits(page, login) == [["a"], ["b"]]
    assert visits(page, login, owners=owners) == [["a", "b"]]
    marked, sessions = sessionize(table(page, login), owners=owners)
    # The visit began before anybody knew who it was, and says so.
    assert sessions["person_id"].to_pylist() == ["browser"]
    assert marked["person_id"].to_pylist() == ["browser", "ada"]


def test_a_visit_keeps_its_id_while_it_goes_on() -> None:
    _, early = sessionize(table(event("a", "p", NOON)))
    _, late = sessionize(table(event("a", "p", NOON), event("b", "p", NOON + MINUTE)))
    assert early["session_id"] == late["session_id"]


def test_no_events_are_no_visits() -> None:
    marked, sessions = sessionize(table())
    assert (marked.num_rows, sessions.num_rows) == (0, 0)
    assert sessions.schema == SESSION_SCHEMA


@pytest.mark.parametrize("properties", [None, "", "[]", "{", '{"device": 7}', '{"device": ""}'])
def test_properties_that_say_nothing_leave_the_device_open(properties: str | None) -> None:
    _, sessions = sessionize(table(event("a", "p", NOON, properties)))
    assert sessions["device"].to_pylist() == [None]


# ── Neither order nor repetition matters ─────────────────────────────────────────────────────────

events = st.lists(
    st.tuples(st.sampled_from("pqr"), st.integers(0, 200), st.sampled_from([0, 7])),
    max_size=25,
).map(
    lambda rows: [
        event(
            f"e{n}", person, NOON + minute * 5 * MINUTE, None, NOON + (minute * 5 + late) * MINUTE
        )
        for n, (person, minute, late) in enumerate(rows)
    ]
)
OWNERS = pa.table({"person_id": ["p"], "canonical_id": ["q"]})


@given(events, st.data())
def test_any_order_and_any_repetition_give_the_same_visits(
    made: list[dict[str, Any]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(made))
    repeated = data.draw(st.lists(st.sampled_from(made), max_size=10)) if made else []
    for owners in (None, OWNERS):
        once = sessionize(table(*made), owners=owners)
        again = sessionize(table(*shuffled, *repeated), owners=owners)
        assert once[0].equals(again[0])
        assert once[1].equals(again[1])


@given(events)
def test_visits_are_exactly_the_runs_without_silence(made: list[dict[str, Any]]) -> None:
    marked, sessions = sessionize(table(*made))
    by: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(marked.to_pylist(), key=lambda row: row["ts"]):
        by.setdefault(row["person_id"], []).append(row)
    for rows in by.values():
        for before, after in itertools.pairwise(rows):
            together = after["ts"] - before["ts"] < SILENCE
            assert (before["session_id"] == after["session_id"]) == together
    assert sessions.num_rows == len({row["session_id"] for row in marked.to_pylist()})


@given(events)
def test_working_in_parts_of_whole_people_gives_the_same_visits(
    made: list[dict[str, Any]],
) -> None:
    whole = sessionize(table(*made))
    parts = [
        sessionize(table(*(row for row in made if row["person_id"] in people)))
        for people in ("p", "qr")
    ]
    for place in (0, 1):
        joined = pa.concat_tables([part[place] for part in parts])
        assert joined.sort_by(joined.column_names[0]).equals(whole[place])
