"""How likely a visitor is to finish what the visit is about within 14 days, if left alone."""

from __future__ import annotations

from datetime import timedelta

from engage.domain.scores import Subject
from engage.features.definition import Feature
from engage.scoring.definition import Model

LABEL = """
WITH about AS (
    SELECT s.subject_id, s.final_id, s.as_of, s.until, j.journey
    FROM subjects AS s
    JOIN visit_journeys AS j ON j.subject_id = s.subject_id AND j.as_of = s.as_of
),
goals AS (
    SELECT
        s.subject_id,
        s.as_of,
        count(*) FILTER (WHERE g.ts <= s.as_of AND g.session_id = s.subject_id) AS already,
        count(*) FILTER (WHERE g.ts > s.as_of AND g.ts <= s.until) AS reached
    FROM about AS s
    JOIN journey_goals AS g ON g.person_id = s.final_id AND g.journey = s.journey
    GROUP BY s.subject_id, s.as_of
)
SELECT s.subject_id, s.as_of, coalesce(g.reached, 0) > 0 AS label
FROM about AS s
LEFT JOIN goals AS g ON g.subject_id = s.subject_id AND g.as_of = s.as_of
LEFT JOIN approached AS a ON a.subject_id = s.subject_id AND a.as_of = s.as_of
WHERE a.subject_id IS NULL AND coalesce(g.already, 0) = 0
"""
# Left out, so not known: a visit about nothing in particular, one that has reached its goal already,
# and one whose visitor we approached.

MODEL = Model(
    name="session_intent",
    sentence="How likely this visitor is to finish the journey within 14 days if left alone.",
    subject=Subject.SESSION,
    features=(
        Feature("journey", "category", "the visit is about {value}"),
        Feature("device", "category", "the visitor uses a {value} device"),
        Feature("channel", "category", "the visit is on the {value}"),
        Feature("by_campaign", "flag", "a campaign brought the visitor", mention=False),
        Feature("local_hour", "integer", "it is hour {value} where the visitor is"),
        Feature("pages", "integer", "pages seen in this visit: {value}"),
        Feature("different_pages", "integer", "different pages seen in this visit: {value}"),
        Feature("calculator_views", "integer", "calculator pages seen in this visit: {value}"),
        Feature("calculator_uses", "integer", "calculations made in this visit: {value}"),
        Feature("amount", "number", "the largest amount entered: {value}"),
        Feature("form_started", "flag", "a form was started in this visit"),
        Feature("form_submitted", "flag", "a form was sent off in this visit"),
        Feature("form_steps", "integer", "steps of the form filled in: {value}"),
        Feature("form_errors", "integer", "errors shown in this visit: {value}"),
        Feature("rage_clicks", "integer", "impatient clicks in this visit: {value}"),
        Feature("minutes_idle", "number", "minutes since the visitor last did something: {value}"),
        Feature("minutes", "number", "minutes from the first to the last thing done: {value}"),
        Feature("returning_visitor", "flag", "the visitor was here before within 30 days"),
        Feature("visits_before", "integer", "earlier visits within 30 days: {value}"),
        Feature("night_visits_before", "integer", "earlier visits at night: {value}"),
        Feature(
            "calculator_views_before", "integer", "calculator pages in earlier visits: {value}"
        ),
        Feature("form_left_before", "flag", "a form of an earlier visit was not sent off"),
        Feature("days_since_visit", "number", "days since the last visit: {value}"),
        Feature("recent_contacts", "integer", "contacts begun within 30 days: {value}"),
        Feature(
            "recent_failed_contacts", "integer", "contacts within 30 days that failed: {value}"
        ),
        Feature("customer", "flag", "the visitor is a known customer"),
        Feature("tenure", "number", "time as a customer, as the record counts it: {value}"),
        Feature("products", "integer", "products held: {value}"),
    ),
    label=LABEL,
    horizon=timedelta(days=14),
    lookback=timedelta(days=30),
    barred=("decisions", "outcomes"),
    goal="journey",
)
