"""How likely a visitor is to give up now and not to be heard of for a day."""

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
stayed AS (
    SELECT DISTINCT s.subject_id, s.as_of
    FROM about AS s
    JOIN events AS e
        ON e.person_id = s.final_id
        AND e.session_id = s.subject_id
        AND e.ts > s.as_of + INTERVAL '30' MINUTE
        AND e.ts <= s.until
        AND coalesce(
            j_text(e.properties, 'journey'), regexp_extract(e.page, '^/([^/?#]+)', 1), s.journey
        ) = s.journey
),
finished AS (
    SELECT DISTINCT s.subject_id, s.as_of
    FROM about AS s
    JOIN journey_goals AS g
        ON g.person_id = s.final_id
        AND g.journey = s.journey
        AND g.ts <= s.until
        AND (g.ts > s.as_of OR g.session_id = s.subject_id)
),
contacted AS (
    SELECT DISTINCT s.subject_id, s.as_of
    FROM about AS s
    JOIN interactions AS i
        ON i.person_id = s.final_id
        AND i.initiated_by = 'customer'
        AND i.ts > s.as_of
        AND i.ts <= s.until
)
SELECT
    s.subject_id,
    s.as_of,
    y.subject_id IS NULL AND f.subject_id IS NULL AND c.subject_id IS NULL AS label
FROM about AS s
LEFT JOIN stayed AS y ON y.subject_id = s.subject_id AND y.as_of = s.as_of
LEFT JOIN finished AS f ON f.subject_id = s.subject_id AND f.as_of = s.as_of
LEFT JOIN contacted AS c ON c.subject_id = s.subject_id AND c.as_of = s.as_of
LEFT JOIN approached AS a ON a.subject_id = s.subject_id AND a.as_of = s.as_of
WHERE a.subject_id IS NULL
"""
# Left out, so not known: a visit about nothing in particular, and a visitor whom we approached.

MODEL = Model(
    name="session_struggle",
    sentence="How likely this visitor is to leave within half an hour and not be heard of for a day.",
    subject=Subject.SESSION,
    features=(
        Feature("journey", "category", "the visit is about {value}"),
        Feature("device", "category", "the visitor uses a {value} device"),
        Feature("pages", "integer", "pages seen in this visit: {value}"),
        Feature("different_pages", "integer", "different pages seen in this visit: {value}"),
        Feature("page_repeats", "integer", "pages seen again in this visit: {value}"),
        Feature("help_views", "integer", "help pages seen in this visit: {value}"),
        Feature("form_started", "flag", "a form was started in this visit"),
        Feature("form_submitted", "flag", "a form was sent off in this visit"),
        Feature("form_steps", "integer", "steps of the form filled in: {value}"),
        Feature("form_errors", "integer", "errors shown in this visit: {value}"),
        Feature("errors_lately", "integer", "errors shown in the last five minutes: {value}"),
        Feature("rage_clicks", "integer", "impatient clicks in this visit: {value}"),
        Feature(
            "rage_clicks_lately", "integer", "impatient clicks in the last five minutes: {value}"
        ),
        Feature("events_lately", "integer", "things done in the last two minutes: {value}"),
        Feature("minutes_idle", "number", "minutes since the visitor last did something: {value}"),
        Feature("minutes", "number", "minutes from the first to the last thing done: {value}"),
        Feature("longest_pause", "number", "minutes of the longest pause in this visit: {value}"),
        Feature("minutes_per_page", "number", "minutes per page seen: {value}"),
    ),
    label=LABEL,
    horizon=timedelta(hours=24),
    lookback=timedelta(days=30),
    barred=("decisions", "outcomes"),
    goal="journey",
)
