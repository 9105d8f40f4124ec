"""What each CDNOW customer spends in the 39 weeks after the first 39, without looking ahead.

Fader and Hardie (2001) split the data at the end of September 1997. Up to there no customer has 39
weeks of future to learn from, so the model learns from eight weeks of future after weeks 14, 18, 22
and 31, made 39/8 times as much, and is judged on what really came after week 39.
"""

from __future__ import annotations

from datetime import timedelta

from engage.domain.scores import Objective, Subject
from engage.features.definition import Feature
from engage.scoring.definition import Gates, Model, Purchases

SUBJECTS = """
SELECT DISTINCT t.person_id AS subject_id, t.person_id, m.as_of
FROM transactions AS t
JOIN (
    VALUES
        (TIMESTAMP '1997-04-09'),
        (TIMESTAMP '1997-05-07'),
        (TIMESTAMP '1997-06-04'),
        (TIMESTAMP '1997-08-06'),
        (TIMESTAMP '1997-10-01')
) AS m (as_of) ON t.ts < m.as_of
"""

LABEL = """
SELECT
    s.subject_id,
    s.as_of,
    CASE
        WHEN s.as_of = TIMESTAMP '1997-10-01' THEN coalesce(sum(t.margin_minor), 0)
        ELSE coalesce(sum(t.margin_minor) FILTER (WHERE t.ts < s.until), 0) * 39.0 / 8.0
    END AS label
FROM subjects AS s
LEFT JOIN transactions AS t
    ON t.person_id = s.person_id AND t.ts >= s.as_of AND t.ts < s.as_of + INTERVAL '273' DAY
GROUP BY s.subject_id, s.as_of
"""

MODEL = Model(
    name="customer_value",
    sentence="What this customer spends in the next 39 weeks, in cents.",
    subject=Subject.PERSON,
    features=(
        Feature("repeats", "integer", "days with a purchase after the first: {value}"),
        Feature("recency_weeks", "number", "weeks from the first to the last purchase: {value}"),
        Feature("age_weeks", "number", "weeks since the first purchase: {value}"),
        Feature("silent_weeks", "number", "weeks since the last purchase: {value}"),
        Feature("spend", "integer", "spent so far, in cents: {value}"),
        Feature("mean_spend", "number", "spent on a day with a purchase, in cents: {value}"),
        Feature("largest", "integer", "the largest purchase, in cents: {value}"),
        Feature("recent_purchases", "integer", "days with a purchase in 8 weeks: {value}"),
        Feature("recent_spend", "integer", "spent in 8 weeks, in cents: {value}"),
        Feature("rate", "number", "repeat purchases a week: {value}"),
    ),
    label=LABEL,
    subjects=SUBJECTS,
    horizon=timedelta(weeks=8),
    lookback=timedelta(weeks=39),
    objective=Objective.AMOUNT,
    gates=Gates(min_auc=0.5, max_ece=1.0),
    barred=("decisions", "outcomes"),
    purchases=Purchases(
        repeats="repeats",
        recency="recency_weeks",
        age="age_weeks",
        spend="mean_spend",
        unit=timedelta(weeks=1),
        ahead=timedelta(weeks=39),
    ),
)
