"""Will this visit end in a purchase? The UCI Online Shoppers data, without `PageValues`."""

from __future__ import annotations

from datetime import timedelta

from engage.domain.scores import Subject
from engage.features.definition import Feature
from engage.scoring.definition import Model

SUBJECTS = """
SELECT session_id AS subject_id, person_id, known_at AS as_of
FROM events
WHERE name = 'visit_summed_up'
"""

LABEL = """
SELECT s.subject_id, s.as_of, count(p.event_id) > 0 AS label
FROM subjects AS s
LEFT JOIN events AS p
    ON p.person_id = s.person_id AND p.name = 'purchase' AND p.ts > s.as_of AND p.ts <= s.until
GROUP BY s.subject_id, s.as_of
"""

MODEL = Model(
    name="session_intent_plain",
    sentence="How likely this visit is to end in a purchase within the day, told without the value of its pages.",
    subject=Subject.SESSION,
    features=(
        Feature("administrative", "integer", "account pages seen: {value}"),
        Feature("administrative_duration", "number", "seconds on account pages: {value}"),
        Feature("informational", "integer", "information pages seen: {value}"),
        Feature("informational_duration", "number", "seconds on information pages: {value}"),
        Feature("product_related", "integer", "product pages seen: {value}"),
        Feature("product_related_duration", "number", "seconds on product pages: {value}"),
        Feature("bounce_rates", "number", "usual bounce rate of the pages seen: {value}"),
        Feature("exit_rates", "number", "usual exit rate of the pages seen: {value}"),
        Feature("special_day", "number", "nearness of a special day: {value}"),
        Feature("month", "category", "the month is {value}"),
        Feature("operating_systems", "category", "operating system {value}"),
        Feature("browser", "category", "browser {value}"),
        Feature("region", "category", "region {value}"),
        Feature("traffic_type", "category", "came by way {value}"),
        Feature("visitor_type", "category", "a {value}"),
        Feature("weekend", "category", "on a weekend: {value}"),
    ),
    label=LABEL,
    subjects=SUBJECTS,
    horizon=timedelta(days=1),
    lookback=timedelta(days=30),
)
