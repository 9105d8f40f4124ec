"""A model of an amount is held against what people of long ago really brought in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from engage.app import intake
from engage.app.card import as_markdown, card
from engage.app.cohorts import cohorts
from engage.domain.decisions import DECISIONS
from engage.features.schema import arrow_schema
from tests.bank import Bank

THEN = datetime(2025, 9, 1, tzinfo=UTC)
"""The first of the month, half a year before the launch; the model learned up to March."""
HALF_A_YEAR = timedelta(days=180)


def found(bank: Bank) -> tuple[dict[str, Any], dict[str, Any]]:
    year, half = cohorts(bank.app, bank.app.models["customer_value"])
    return year, half


def brought_in(bank: Bank) -> dict[str, int]:
    """Return the margin from then on of each person who was known by then, added up by hand."""
    history = bank.app.history
    bookings = history.table("transactions").to_pylist()
    then = THEN.replace(tzinfo=None)
    rows = [*bookings, *history.table("people").to_pylist()]
    sums = {row["person_id"]: 0 for row in rows if row["known_at"] <= then}
    for one in bookings:
        if one["person_id"] in sums and then < one["ts"] <= then + HALF_A_YEAR:
            sums[one["person_id"]] += one["margin_minor"]
    return sums


def test_half_a_year_is_told_as_soon_as_it_is_over(learned: Bank) -> None:
    year, half = found(learned)
    assert (year["verdict"], year["people"]) == ("too early to tell", 0)
    assert "no month after 2025-03-01, the last it learned from" in year["why"]
    assert (half["window"], half["valued_at"]) == ("180 d", THEN)
    sums = brought_in(learned)
    assert half["people"] == len(sums) > 100
    assert half["realised"] == pytest.approx(sum(sums.values()) / len(sums))
    assert half["slope"]["low"] < half["slope"]["estimate"] < half["slope"]["high"]
    assert half["rank_correlation"]["low"] > 0.5


def test_people_whom_we_approached_meanwhile_are_left_out(learned: Bank) -> None:
    everybody = sorted(brought_in(learned))
    asked = everybody[:20]
    row = {"trigger": "spring", "action": "letter", "arm": "treated"}
    rows = [
        {**row, "decision_id": f"d{number}", "person_id": who, "decided_at": day, "known_at": day}
        for number, who in enumerate(asked)
        for day in [(THEN + timedelta(days=20)).replace(tzinfo=None)]
    ]
    told = pa.Table.from_pylist(rows, arrow_schema(DECISIONS))
    intake.take(learned.app.store, {DECISIONS.name: told}, now=learned.app.now())
    assert found(learned)[1]["people"] == len(everybody) - 20


def test_before_there_was_a_model_in_use_it_is_too_early(bank: Bank) -> None:
    assert [one["verdict"] for one in found(bank)] == ["too early to tell"] * 2


def test_the_card_of_an_amount_tells_what_came_in_since(learned: Bank) -> None:
    models = learned.app.models
    page = as_markdown(card(learned.app, models["customer_value"]))
    assert "## What came in since" in page
    assert "- 180 d from 2025-09-01 on: " in page
    assert "- 365 d from 2025-03-01 on: too early to tell; no month after 2025-03-01" in page
    assert "What came in since" not in as_markdown(card(learned.app, models["session_struggle"]))
