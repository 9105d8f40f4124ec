"""What each look at a model found is kept, and the newest is at hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engage.store import Store, watches
from engage.store.watches import Watch

MORNING = datetime(2026, 3, 3, 2, 30, tzinfo=UTC)


def look(model: str, nights: int = 0, state: str = "steady") -> Watch:
    return Watch(model, MORNING + timedelta(days=nights), "art_1", state, {"rows": 7 + nights})


def test_the_newest_look_at_each_model_is_at_hand(store: Store) -> None:
    with store.write() as tx:
        for one in (look("intent"), look("intent", 1, "drifted"), look("value")):
            watches.add(tx, one)
    with store.read() as tx:
        assert watches.latest(tx) == {
            "intent": look("intent", 1, "drifted"),
            "value": look("value"),
        }
        assert watches.read(tx, "intent") == [look("intent", 1, "drifted"), look("intent")]
        assert watches.read(tx, "intent", most=1) == [look("intent", 1, "drifted")]


def test_looking_again_at_the_same_moment_replaces(store: Store) -> None:
    with store.write() as tx:
        watches.add(tx, look("intent"))
        watches.add(tx, look("intent", state="drifted"))
    with store.read() as tx:
        assert watches.read(tx, "intent") == [look("intent", state="drifted")]


def test_what_was_never_looked_at_has_nothing(store: Store) -> None:
    with store.read() as tx:
        assert watches.latest(tx) == {}
        assert watches.read(tx, "intent") == []
