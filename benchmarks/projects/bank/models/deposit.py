"""Will this call end in a term deposit? The UCI Bank Marketing data, without `duration`."""

from __future__ import annotations

from datetime import timedelta

from engage.domain.scores import Subject
from engage.features.definition import Feature
from engage.scoring.definition import Model

SUBJECTS = """
SELECT interaction_id AS subject_id, person_id, ts AS as_of
FROM interactions
WHERE topic = 'term deposit'
"""

LABEL = """
SELECT s.subject_id, s.as_of, count(t.transaction_id) > 0 AS label
FROM subjects AS s
LEFT JOIN transactions AS t
    ON t.person_id = s.person_id AND t.kind = 'deposit' AND t.ts > s.as_of AND t.ts <= s.until
GROUP BY s.subject_id, s.as_of
"""

MODEL = Model(
    name="deposit",
    sentence="How likely this call is to end in a term deposit.",
    subject=Subject.INTERACTION,
    features=(
        Feature("age", "number", "{value} years old"),
        Feature("job", "category", "works as {value}"),
        Feature("marital", "category", "is {value}", mention=False),
        Feature("education", "category", "education: {value}"),
        Feature("in_default", "category", "credit in default: {value}", mention=False),
        Feature("housing", "category", "housing loan: {value}"),
        Feature("loan", "category", "personal loan: {value}"),
        Feature("contact", "category", "called by {value}"),
        Feature("month", "category", "the month is {value}"),
        Feature("day_of_week", "category", "on a {value}"),
        Feature("campaign", "integer", "call number {value} of this campaign"),
        Feature("pdays", "integer", "days since the last campaign's contact: {value}"),
        Feature("previous", "integer", "contacts before this campaign: {value}"),
        Feature("poutcome", "category", "the last campaign's outcome: {value}"),
        Feature("emp_var_rate", "number", "employment variation rate: {value}"),
        Feature("cons_price_idx", "number", "consumer price index: {value}"),
        Feature("cons_conf_idx", "number", "consumer confidence: {value}"),
        Feature("euribor3m", "number", "three-month Euribor: {value}"),
        Feature("nr_employed", "number", "number employed: {value}"),
    ),
    label=LABEL,
    subjects=SUBJECTS,
    horizon=timedelta(days=1),
    lookback=timedelta(days=30),
)
