"""How likely the customer of a contact leaves within 90 days, if nobody follows it up.

It is what stands behind a contact's stake: docs/decisions/0019 says what it means and why.
"""

from __future__ import annotations

from datetime import timedelta

from engage.domain.scores import Subject
from engage.features.definition import Feature
from engage.measure.recovered import NO_ATTRITION, SILENT_GAPS
from engage.scoring.definition import Model

LABEL = """
WITH contact AS (
    SELECT s.subject_id, s.as_of, s.until, s.final_id
    FROM subjects AS s
    JOIN contacts_corrected AS i
        ON i.interaction_id = s.subject_id
        AND i.person_id = s.person_id
        AND i.initiated_by <> 'engine'
),
closed AS (
    SELECT c.subject_id, c.as_of
    FROM contact AS c
    JOIN transactions AS t
        ON t.person_id = c.final_id
        AND t.kind = 'account_closed'
        AND t.ts > c.as_of
        AND t.ts <= c.until
    GROUP BY c.subject_id, c.as_of
),
activity AS (
    SELECT person_id, ts FROM events
    UNION ALL
    SELECT person_id, ts FROM transactions WHERE kind IS DISTINCT FROM 'account_closed'
    UNION ALL
    SELECT person_id, ts FROM contacts_corrected WHERE initiated_by = 'customer'
),
days AS (
    SELECT
        person_id,
        CAST(floor(us(ts) / 86400000000.0) AS BIGINT) AS day,
        min(us(ts)) AS first_us,
        max(us(ts)) AS last_us
    FROM activity
    WHERE person_id IN (SELECT final_id FROM contact)
    GROUP BY ALL
),
told AS (
    SELECT day, min(moment) AS first_us
    FROM (
        SELECT CAST(floor(us(ts) / 86400000000.0) AS BIGINT) AS day, us(ts) AS moment FROM activity
    ) AS each
    GROUP BY day
),
fed AS (
    SELECT DISTINCT c.until
    FROM contact AS c
    JOIN told AS d
        ON d.day BETWEEN floor(us(c.until) / 86400000000.0) - 1
        AND floor(us(c.until) / 86400000000.0)
        AND d.first_us <= us(c.until)
),
gaps AS (
    SELECT
        c.subject_id,
        c.as_of,
        d.day - lag(d.day) OVER (PARTITION BY c.subject_id, c.as_of ORDER BY d.day) AS gap
    FROM contact AS c
    JOIN days AS d
        ON d.person_id = c.final_id
        AND d.first_us <= us(c.as_of)
        AND d.last_us > us(c.as_of - INTERVAL '365' DAY)
),
usual AS (
    SELECT subject_id, as_of, greatest({gaps} * median(gap), max(gap)) AS days
    FROM gaps
    GROUP BY subject_id, as_of
    HAVING count(gap) >= 2
),
latest AS (
    SELECT
        c.subject_id,
        c.as_of,
        max(CASE WHEN d.last_us <= us(c.until) THEN d.last_us ELSE d.first_us END) AS last_us
    FROM contact AS c
    JOIN days AS d
        ON d.person_id = c.final_id AND d.last_us > us(c.as_of) AND d.first_us <= us(c.until)
    GROUP BY c.subject_id, c.as_of
)
SELECT
    c.subject_id,
    c.as_of,
    CASE
        WHEN f.until IS NULL THEN NULL
        WHEN x.subject_id IS NOT NULL THEN true
        ELSE coalesce(
            us(c.until) - coalesce(l.last_us, us(c.as_of)) > g.days * 86400000000.0, false
        )
    END AS label
FROM contact AS c
LEFT JOIN closed AS x ON x.subject_id = c.subject_id AND x.as_of = c.as_of
LEFT JOIN fed AS f ON f.until = c.until
LEFT JOIN usual AS g ON g.subject_id = c.subject_id AND g.as_of = c.as_of
LEFT JOIN latest AS l ON l.subject_id = c.subject_id AND l.as_of = c.as_of
LEFT JOIN approached AS a ON a.subject_id = c.subject_id AND a.as_of = c.as_of
WHERE a.subject_id IS NULL
""".replace("{gaps}", str(SILENT_GAPS))
# Left means what it means for `recovered` (engage/measure/recovered.py): an account closed, or at the
# end a silence longer than the customer's own. Left out, so not known: contacts that the engine began,
# and people whom we approached. Null: nobody at all was heard of on the last day and the one before,
# for then it is the records that are silent; those who closed an account by then are left out with
# the others, or only they would be known.

MODEL = Model(
    name="interaction_churn",
    sentence="How likely the customer leaves within 90 days of this contact if nobody follows it up.",
    subject=Subject.INTERACTION,
    features=(
        Feature("channel", "category", "the contact was a {value}"),
        Feature("topic", "category", "it was about {value}"),
        Feature("queue", "category", "it went to the queue {value}"),
        Feature("disposition", "category", "it was closed as {value}"),
        Feature("resolved", "category", "resolved according to the record: {value}"),
        Feature("abandoned", "flag", "the customer gave up waiting"),
        Feature("wait_s", "number", "seconds waited: {value}"),
        Feature("transfers", "integer", "times it was passed on: {value}"),
        Feature("survey_score", "number", "the customer's own rating: {value}"),
        Feature("contacts_before", "integer", "contacts in the 30 days before: {value}"),
        Feature(
            "repeat_contacts", "integer", "contacts about the same in the 30 days before: {value}"
        ),
        Feature(
            "failed_contacts_before", "integer", "failed contacts in the 30 days before: {value}"
        ),
        Feature("days_since_contact", "number", "days from the contact before to this: {value}"),
        Feature("visits_week", "integer", "visits to our pages in the last 7 days: {value}"),
        Feature("transactions_30d", "integer", "bookings in 30 days: {value}"),
        Feature(
            "margin_30d", "integer", "margin of 30 days in minor units: {value}", mention=False
        ),
        Feature("tenure", "number", "time as a customer, as the record counts it: {value}"),
        Feature("products", "integer", "products held: {value}"),
    ),
    label=LABEL,
    horizon=NO_ATTRITION,
    lookback=timedelta(days=30),
    barred=("decisions", "outcomes"),
)
