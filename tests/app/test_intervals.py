"""Wherever a customer's worth is told, so is between which amounts it may come out."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from engage.app.intervals import decision_intervals, with_intervals
from engage.app.persons import show_person
from engage.store import artifacts, scores
from tests.bank import Bank

AT = datetime(2026, 3, 1, tzinfo=UTC)
BODY = {
    "share": 0.8,
    "edges": [5_000.0],
    "low": [-1.0, -0.25],
    "high": [2.0, 0.5],
    "unit": 100.0,
    "people": [60, 60],
    "least": 0.0,
}
"""Small amounts may come to nothing or to three times as much; large ones lie closer."""


@pytest.fixture
def valued(learned: Bank) -> Bank:
    """Return the bank with a person stated at 80 euros, by a model of amounts, and at .3."""
    found = {"art_value": {"interval": BODY}, "art_chance": {}}
    with learned.app.store.write() as tx:
        for name, body in found.items():
            artifacts.add(
                tx, artifacts.Record(name, name[4:], AT, name, "0" * 64, "challenger", body=body)
            )
        rows = {
            "subject_id": ["per_some"] * 2,
            "person_id": ["per_some"] * 2,
            "model": ["value", "chance"],
            "as_of": pa.array([AT.replace(tzinfo=None)] * 2, pa.timestamp("us")),
            "artifact_id": list(found),
            "score": [8_000.0, 0.3],
        }
        scores.keep(tx, pa.table(rows))
    return learned


def test_people_show_gives_each_amount_its_bounds(valued: Bank) -> None:
    """8,000 is of the second group: 8,000 x (1 - .25) = 6,000 and 8,000 x (1 + .5) = 12,000."""
    shown = {one["model"]: one for one in show_person(valued.app, "per_some")["scores"]}
    assert (shown["value"]["low"], shown["value"]["high"]) == (6_000.0, 12_000.0)
    assert "low" not in shown["chance"]


def test_a_decision_is_told_with_the_bounds_of_the_artifact_that_valued_it(valued: Bank) -> None:
    decision = {
        "artifacts": {"value": "art_value", "chance": "art_chance", "gone": "art_gone"},
        "features": {"value": 1_000.0, "chance": 0.3, "gone": 7.0},
    }
    with valued.app.store.read() as tx:
        assert decision_intervals(tx, decision) == {"value": (0.0, 3_000.0)}
        assert decision_intervals(tx, {"artifacts": None, "features": None}) == {}
        assert list(with_intervals(tx, [])) == []
