"""How likely a contact has left its matter open, so that the person must come back."""

from __future__ import annotations

from datetime import timedelta

from engage.domain.scores import Subject
from engage.features.definition import Feature
from engage.scoring.definition import Model

LABEL = """
WITH contact AS (
    SELECT
        s.subject_id,
        s.as_of,
        s.until,
        s.final_id,
        i.ts,
        coalesce(i.ended_at, i.ts) AS ended_at,
        coalesce(i.topic, i.queue) AS topic,
        i.thread_id,
        coalesce(i.abandoned, false) AS abandoned,
        coalesce(lower(i.disposition), '') = 'unresolved' AS closed_unresolved
    FROM subjects AS s
    JOIN contacts_corrected AS i
        ON i.interaction_id = s.subject_id
        AND i.person_id = s.person_id
        AND i.initiated_by <> 'engine'
),
later AS (
    SELECT
        c.subject_id,
        c.as_of,
        count(*) FILTER (
            WHERE b.initiated_by = 'customer'
            AND b.ts > c.as_of
            AND b.ts <= c.until
            AND (c.thread_id IS NULL OR b.thread_id IS NULL OR b.thread_id <> c.thread_id)
        ) AS repeats,
        count(*) FILTER (
            WHERE NOT coalesce(b.abandoned, false) AND b.ts <= c.ended_at + INTERVAL '1' DAY
        ) AS served
    FROM contact AS c
    JOIN contacts_corrected AS b
        ON b.person_id = c.final_id
        AND b.interaction_id <> c.subject_id
        AND b.initiated_by <> 'engine'
        AND b.ts > c.ts
        AND coalesce(b.topic, b.queue) = c.topic
    GROUP BY c.subject_id, c.as_of
)
SELECT
    c.subject_id,
    c.as_of,
    CASE
        WHEN c.closed_unresolved THEN true
        WHEN c.topic IS NULL THEN NULL
        WHEN coalesce(l.repeats, 0) > 0 THEN true
        WHEN c.abandoned THEN coalesce(l.served, 0) = 0
        ELSE false
    END AS label
FROM contact AS c
LEFT JOIN later AS l ON l.subject_id = c.subject_id AND l.as_of = c.as_of
LEFT JOIN approached AS a ON a.subject_id = c.subject_id AND a.as_of = c.as_of
WHERE a.subject_id IS NULL
"""
# What each record says after every correction counts: the features see what it said first.
# Left out, so not known: contacts that the engine began, and people whom we approached. Null: a
# contact without topic and queue, for nobody can tell what "the same thing" would be.

MODEL = Model(
    name="interaction_unresolved",
    sentence="How likely this contact has left its matter open, so that the person must come back.",
    subject=Subject.INTERACTION,
    features=(
        Feature("channel", "category", "the contact was a {value}"),
        Feature("direction", "category", "the contact was {value}"),
        Feature("topic", "category", "it was about {value}"),
        Feature("queue", "category", "it went to the queue {value}"),
        Feature("handled_by", "category", "it was handled by a {value}"),
        Feature("disposition", "category", "it was closed as {value}"),
        Feature("resolved", "category", "resolved according to the record: {value}"),
        Feature("abandoned", "flag", "the customer gave up waiting"),
        Feature("wait_s", "number", "seconds waited: {value}"),
        Feature("talk_s", "number", "seconds of conversation: {value}"),
        Feature("wrap_s", "number", "seconds of wrap-up: {value}", mention=False),
        Feature("transfers", "integer", "times it was passed on: {value}"),
        Feature("survey_score", "number", "the customer's own rating: {value}"),
        Feature("hours_since", "number", "hours since the contact ended: {value}"),
        Feature("local_hour", "integer", "it began in hour {value} where the customer is"),
        Feature("contacts_before", "integer", "contacts in the 30 days before: {value}"),
        Feature(
            "repeat_contacts", "integer", "contacts about the same in the 30 days before: {value}"
        ),
        Feature(
            "failed_contacts_before", "integer", "failed contacts in the 30 days before: {value}"
        ),
        Feature("thread_contacts", "integer", "other contacts of the same conversation: {value}"),
        Feature("contacts_since", "integer", "contacts about the same since then: {value}"),
        Feature("days_since_contact", "number", "days from the contact before to this: {value}"),
        Feature("visits_week", "integer", "visits to our pages in the last 7 days: {value}"),
        Feature("help_views_day", "integer", "help pages seen in the last day: {value}"),
        Feature("form_errors_week", "integer", "errors shown on our pages in 7 days: {value}"),
        Feature("tenure", "number", "time as a customer, as the record counts it: {value}"),
        Feature("products", "integer", "products held: {value}"),
    ),
    label=LABEL,
    horizon=timedelta(days=7),
    lookback=timedelta(days=30),
    barred=("decisions", "outcomes"),
    goal="recovered",
)
