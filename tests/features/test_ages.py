"""A visit's age counts from the first thing that was known of it."""

from __future__ import annotations

import numpy as np

from engage.features.ages import minutes_into_visits
from engage.features.engines.duckdb import DuckEngine
from tests.features.rows import NOON, at, event, subjects, table


def test_age_counts_from_the_first_event_known_by_then() -> None:
    """The event of five minutes before noon came in at 12:08, so at 12:04 nobody knew of it."""
    events = table(
        "events",
        event(1, NOON),
        event(2, at(minutes=3)),
        event(3, at(minutes=-5), known_at=at(minutes=8)),
        event(4, at(minutes=-60), session_id="another"),
    )
    moments = [("visit", "ann", at(minutes=minutes)) for minutes in (0.5, 4, 8)]
    with DuckEngine({"events": events}) as engine:
        found = minutes_into_visits(engine, subjects(*moments, ("nothing", "ann", NOON)))
    assert found[:3].tolist() == [0.5, 4.0, 13.0]
    assert np.isnan(found[3])


def test_age_counts_from_the_visits_own_record_where_it_has_no_events() -> None:
    """Some companies bring visits without what was done in them."""
    row = {"session_id": "visit", "person_id": "ann", "started_at": NOON}
    given = subjects(*(("visit", "ann", at(minutes=minutes)) for minutes in (1, 7)))
    with DuckEngine({"sessions": table("sessions", row | {"known_at": at(minutes=2)})}) as engine:
        found = minutes_into_visits(engine, given)
    assert np.isnan(found[0])
    assert found[1] == 7.0
