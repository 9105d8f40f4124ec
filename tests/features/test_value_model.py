"""What the model of a customer's value is told and what it learns to say, by example."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from engage.features.build import build
from engage.features.engines.duckdb import DuckEngine
from engage.features.labels import labels
from tests.features import project_models
from tests.features.rows import NOON, at, contact, subjects, table

MODEL = project_models.load()["customer_value"]
GIVEN = subjects(("ann", "ann", NOON))


def booking(number: int, day: float, margin: int | None = 100, **values: Any) -> dict[str, Any]:
    row = {"transaction_id": f"t{number}", "person_id": "ann", "ts": at(days=day), "kind": "fee"}
    return {**row, "margin_minor": margin, "amount_minor": 1000, "product": "card", **values}


def columns(*bookings: dict[str, Any], **relations: pa.Table) -> dict[str, Any]:
    rows = {"transactions": table("transactions", *bookings), **relations}
    with DuckEngine(rows) as engine:
        frame = build(engine, MODEL.query, MODEL.features, GIVEN, barred=MODEL.barred)
    row: dict[str, Any] = frame.to_pylist()[0]
    return row


def test_recency_frequency_and_margin_are_told_per_window() -> None:
    row = columns(
        booking(1, -10, 100),
        booking(2, -60, 200, product="loan"),
        booking(3, -100, 400),
        booking(4, -300, None),
        booking(5, -400, 800, kind="account_closed"),
        booking(6, -731, 1600),
    )

    assert row["days_since_transaction"] == 10.0
    assert row["days_since_first"] == 400.0
    assert [row[f"transactions_{days}d"] for days in (30, 90, 365, 730)] == [1, 2, 4, 5]
    assert [row[f"margin_{days}d"] for days in (30, 90, 365, 730)] == [100, 300, 700, 1500]
    assert row["margin_trend"] == 300 - 400
    assert row["amount_365d"] == 4000
    assert row["months_active"] == 4  # May, March, February, July of the year before
    assert (row["products_used"], row["account_closed"]) == (2, True)


def test_only_contacts_the_customer_began_are_counted() -> None:
    row = columns(
        interactions=table(
            "interactions",
            contact(1, at(days=-1)),
            contact(2, at(days=-80), disposition="unresolved"),
            contact(3, at(days=-100)),
            contact(4, at(days=-1), initiated_by="engine", abandoned=True),
            contact(5, at(days=-1), initiated_by="company"),
        )
    )

    assert (row["contacts_90d"], row["contacts_365d"], row["failed_contacts_90d"]) == (2, 3, 1)


def test_somebody_without_bookings_is_told_as_such() -> None:
    row = columns()

    assert row["days_since_transaction"] is None
    assert (row["transactions_730d"], row["margin_730d"], row["account_closed"]) == (0, 0, False)


@pytest.mark.parametrize(("days", "value"), [(365, 700.0), (90, 300.0), (1, 0.0)])
def test_the_value_is_the_margin_of_the_horizon(days: int, value: float) -> None:
    """Bookings: 50 before, then 100 and 200 within 90 days, 400 within a year, 800 later."""
    rows = table(
        "transactions",
        booking(1, -1, 50),
        booking(2, 10, 100),
        booking(3, 90, 200),
        booking(4, 365, 400),
        booking(5, 365.1, 800),
        booking(6, 20, None),
        booking(7, 20, 7, person_id="bob"),
    )
    model = replace(MODEL, horizon=timedelta(days=days))

    with DuckEngine({"transactions": rows}) as engine:
        found = labels(engine, model.label, GIVEN, model.horizon)

    assert found["label"].to_pylist() == [value]


def test_the_horizon_is_twelve_months() -> None:
    assert MODEL.horizon == timedelta(days=365)
