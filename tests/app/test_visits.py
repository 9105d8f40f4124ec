from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from engage.app import visits
from engage.app.joining import join
from engage.collect.identity import STATEMENTS, links, owners
from engage.collect.schema import arrow_schema
from engage.collect.sessionize import sessionize
from engage.domain.events import EVENTS
from engage.domain.people import LINKS
from engage.domain.sessions import SESSIONS
from engage.store import Store, rows

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).replace(tzinfo=None)
MINUTE = timedelta(minutes=1)


def event(name: str, person: str, minute: int) -> dict[str, Any]:
    at = NOON + minute * MINUTE
    return {"event_id": name, "person_id": person, "ts": at, "known_at": at, "type": "page"}


def table(events: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(events), schema=arrow_schema(EVENTS))


def statement(alias: str, person: str, minute: int = 0) -> dict[str, Any]:
    return {"alias_id": alias, "person_id": person, "known_at": NOON + minute * MINUTE}


def stated(statements: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(statements), schema=STATEMENTS)


def take(store: Store, events: Sequence[dict[str, Any]], statements: Sequence[Any] = ()) -> int:
    with store.write() as tx:
        joined = join(tx, stated(statements), NOW)
        return visits.add(tx, table(events), NOW, joined=joined)


def held(store: Store) -> tuple[pa.Table, pa.Table]:
    with store.read() as tx:
        events, sessions = rows.read(tx, EVENTS), rows.read(tx, SESSIONS)
    return events.sort_by("event_id"), sessions.sort_by("session_id")


def expected(
    events: Sequence[dict[str, Any]], statements: Sequence[dict[str, Any]] = ()
) -> tuple[pa.Table, pa.Table]:
    marked, sessions = sessionize(table(events), owners=owners(links(stated(statements))))
    return marked, sessions.drop_columns("last_at")


def same(found: tuple[pa.Table, pa.Table], wanted: tuple[pa.Table, pa.Table]) -> bool:
    return all(
        one.combine_chunks().equals(other.combine_chunks())
        for one, other in zip(found, wanted, strict=True)
    )


def test_events_are_stored_with_their_visit(store: Store) -> None:
    day = [event("a", "p", 0), event("b", "p", 10), event("c", "p", 60)]
    assert take(store, day) == 3
    assert same(held(store), expected(day))


def test_the_same_events_again_change_nothing(store: Store) -> None:
    day = [event("a", "p", 0), event("b", "p", 10), event("c", "q", 60)]
    take(store, day)
    with store.read() as tx:
        before = rows.read(tx, EVENTS, with_seq=True), rows.read(tx, SESSIONS, with_seq=True)
    assert take(store, day) == 0
    with store.read() as tx:
        after = rows.read(tx, EVENTS, with_seq=True), rows.read(tx, SESSIONS, with_seq=True)
    assert same(after, before)


def test_a_late_event_joins_two_visits(store: Store) -> None:
    ends = [event("a", "p", 0), event("c", "p", 40)]
    take(store, ends)
    assert held(store)[1].num_rows == 2
    take(store, [event("b", "p", 20)])
    assert same(held(store), expected([*ends, event("b", "p", 20)]))


def test_an_earlier_event_gives_the_visit_its_beginning(store: Store) -> None:
    take(store, [event("b", "p", 20), event("c", "p", 25)])
    take(store, [event("a", "p", 0)])
    day = [event("a", "p", 0), event("b", "p", 20), event("c", "p", 25)]
    assert same(held(store), expected(day))


def test_logging_in_later_joins_what_was_done_before(store: Store) -> None:
    before = [event("a", "browser", 0), event("b", "browser", 500)]
    take(store, before)
    after = [event("c", "ada", 5), event("d", "ada", 505)]
    take(store, after, [statement("browser", "ada", 5)])
    assert same(held(store), expected([*before, *after], [statement("browser", "ada", 5)]))
    assert held(store)[1].num_rows == 2


def test_a_shared_computer_is_parted_again(store: Store) -> None:
    day = [event("a", "browser", 0), event("b", "ada", 5), event("c", "grace", 8)]
    both = [statement("browser", "ada"), statement("browser", "grace", 9)]
    take(store, day[:2], both[:1])
    assert held(store)[1].num_rows == 1
    take(store, day[2:], both[1:])
    assert same(held(store), expected(day, both))
    assert held(store)[1].num_rows == 3
    with store.read() as tx:
        assert rows.read(tx, LINKS)["canonical_id"].to_pylist() == ["browser"]


def test_more_people_than_one_batch_are_all_looked_at(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visits, "BATCH", 3)
    day = [event(f"{person}{n}", person, 20 * n) for person in "abcdefgh" for n in range(4)]
    take(store, day[::2])
    take(store, day[1::2], [statement("a", "h")])
    assert same(held(store), expected(day, [statement("a", "h")]))


@pytest.mark.parametrize("seed", range(6))
def test_order_repetition_and_cuts_do_not_matter(store: Store, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a shuffled deck, no secret
    day = [
        event(f"e{n}", chance.choice(["a", "b", "x", "y"]), 5 * chance.randrange(80))
        for n in range(40)
    ]
    said = [
        statement(chance.choice("ab"), chance.choice("xy"), chance.randrange(9))
        for _ in range(chance.randrange(4))
    ]
    arriving = day + chance.sample(day, 10)
    chance.shuffle(arriving)
    pieces = sorted(chance.sample(range(len(arriving)), 5))
    cuts = zip([0, *pieces], [*pieces, len(arriving)], strict=True)
    heard = said * 2
    chance.shuffle(heard)
    for number, (start, end) in enumerate(cuts):
        take(store, arriving[start:end], heard[number::6])
    assert same(held(store), expected(day, said))
