"""Will a ticket that was closed come back? 4TU's help-desk log; few do, which makes it hard."""

from __future__ import annotations

from datetime import timedelta

from engage.domain.scores import Subject
from engage.features.definition import Feature
from engage.scoring.definition import Gates, Model

SUBJECTS = """
SELECT interaction_id AS subject_id, person_id, ts AS as_of
FROM interactions
WHERE topic = 'ticket'
"""

LABEL = """
SELECT s.subject_id, s.as_of, count(e.event_id) > 0 AS label
FROM subjects AS s
LEFT JOIN events AS e
    ON e.person_id = s.person_id
    AND e.name IN ('opened', 'taken_in_charge', 'waiting')
    AND e.ts > s.as_of
    AND e.ts <= s.until
GROUP BY s.subject_id, s.as_of
"""

MODEL = Model(
    name="came_back",
    sentence="How likely this closed ticket is to come back within 90 days.",
    subject=Subject.INTERACTION,
    features=(
        Feature("activities", "integer", "things done on the ticket: {value}"),
        Feature("taken_in_charge", "integer", "times it was taken in charge: {value}"),
        Feature("waited", "integer", "times it had to wait: {value}"),
        Feature("other_activities", "integer", "other things done on it: {value}"),
        Feature("hours_open", "number", "hours from opening to closing: {value}"),
        Feature("hours_to_charge", "number", "hours until somebody took it: {value}"),
        Feature("hours_since_last", "number", "hours from the last thing done to closing: {value}"),
        Feature("hour", "integer", "it was closed in hour {value}"),
        Feature("weekday", "integer", "it was closed on weekday {value} (0 is Sunday)"),
        Feature("month", "integer", "it was closed in month {value}"),
        Feature("first_activity", "category", "it began with {value}"),
        Feature("last_activity", "category", "the last thing before closing was {value}"),
    ),
    label=LABEL,
    subjects=SUBJECTS,
    horizon=timedelta(days=90),
    lookback=timedelta(days=365),
    gates=Gates(min_rows=1000, min_positives=30, min_auc=0.5),
)
