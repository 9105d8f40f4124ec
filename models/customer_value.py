"""What a customer brings in over the next twelve months.

As a bank earns: month by month, until the account is closed. The score is the mean of the trees and of
margin times retention (docs/decisions/0018) where at least twenty people were seen to close an account.
A shop's customers leave in silence; there, put `purchases=Purchases(repeats=..., recency=..., age=...,
spend=...)` in place of `contract`, naming features that the query gives, and the score becomes the mean
of the trees and of BG/NBD with gamma-gamma (docs/decisions/0013).
"""

from __future__ import annotations

from datetime import timedelta

from engage.domain.scores import Objective, Subject
from engage.features.definition import Feature
from engage.scoring.definition import Contract, Model

HORIZON = timedelta(days=365)
"""Where there is less history, fewer days here change the label with it."""

LABEL = """
SELECT s.subject_id, s.as_of, coalesce(sum(t.margin_minor), 0) AS label
FROM subjects AS s
LEFT JOIN transactions AS t
    ON t.person_id = s.final_id AND t.ts > s.as_of AND t.ts <= s.until
GROUP BY s.subject_id, s.as_of
"""

LEFT = """
SELECT s.subject_id, s.as_of, min(t.ts) AS left_at
FROM subjects AS s
JOIN transactions AS t ON t.person_id = s.final_id AND t.kind = 'account_closed'
GROUP BY s.subject_id, s.as_of
"""

MODEL = Model(
    name="customer_value",
    sentence="The margin this customer brings in over the next twelve months, in minor units.",
    subject=Subject.PERSON,
    features=(
        Feature("days_since_transaction", "number", "days since the last booking: {value}"),
        Feature("days_since_first", "number", "days since the first booking we know: {value}"),
        Feature("transactions_30d", "integer", "bookings in 30 days: {value}"),
        Feature("transactions_90d", "integer", "bookings in 90 days: {value}"),
        Feature("transactions_365d", "integer", "bookings in 365 days: {value}"),
        Feature("transactions_730d", "integer", "bookings in two years: {value}"),
        Feature(
            "margin_30d", "integer", "margin of 30 days in minor units: {value}", mention=False
        ),
        Feature(
            "margin_90d", "integer", "margin of 90 days in minor units: {value}", mention=False
        ),
        Feature(
            "margin_trend",
            "integer",
            "margin of 90 days against the 90 before, in minor units: {value}",
            mention=False,
        ),
        Feature(
            "margin_365d", "integer", "margin of 365 days in minor units: {value}", mention=False
        ),
        Feature(
            "margin_730d", "integer", "margin of two years in minor units: {value}", mention=False
        ),
        Feature("amount_365d", "integer", "turnover of 365 days in minor units: {value}"),
        Feature("months_active", "integer", "months with a booking, of the last twelve: {value}"),
        Feature("products_used", "integer", "products used in 365 days: {value}"),
        Feature("account_closed", "flag", "an account was closed within two years"),
        Feature("contacts_90d", "integer", "contacts begun in 90 days: {value}"),
        Feature("contacts_365d", "integer", "contacts begun in 365 days: {value}"),
        Feature("failed_contacts_90d", "integer", "failed contacts in 90 days: {value}"),
        Feature("visits_90d", "integer", "visits to our pages in 90 days: {value}"),
        Feature("tenure", "number", "time as a customer, as the record counts it: {value}"),
        Feature("region", "category", "the customer lives in {value}", mention=False),
        Feature("products", "integer", "products held: {value}"),
    ),
    label=LABEL,
    horizon=HORIZON,
    lookback=timedelta(days=730),
    objective=Objective.AMOUNT,
    barred=("decisions", "outcomes"),
    contract=Contract(LEFT, months=12),
)
