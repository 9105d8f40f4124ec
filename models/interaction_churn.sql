-- One contact as its record stood at a moment, with what the customer did in the month before.
WITH contact AS (
    SELECT
        s.subject_id,
        s.person_id,
        s.as_of,
        i.ts,
        i.channel,
        coalesce(i.topic, i.queue) AS topic,
        i.queue,
        i.wait_s,
        i.transfers,
        i.abandoned,
        i.disposition,
        coalesce(i.resolved, 'unknown') AS resolved,
        i.survey_score
    FROM subjects AS s
    JOIN interactions AS i
        ON i.interaction_id = s.subject_id AND i.person_id = s.person_id AND i.known_at <= s.as_of
),
others AS (
    SELECT
        c.subject_id,
        c.as_of,
        count(*) FILTER (WHERE b.ts <= c.ts) AS contacts_before,
        count(*) FILTER (
            WHERE b.ts <= c.ts AND coalesce(b.topic, b.queue) = c.topic
        ) AS repeat_contacts,
        count(*) FILTER (
            WHERE b.ts <= c.ts
            AND (b.abandoned OR b.disposition = 'unresolved' OR b.resolved = 'false')
        ) AS failed_contacts_before,
        max(CASE WHEN b.ts <= c.ts THEN us(b.ts) END) AS last_us
    FROM contact AS c
    JOIN interactions AS b
        ON b.person_id = c.person_id
        AND b.known_at <= c.as_of
        AND b.ts > c.as_of - INTERVAL '30' DAY
        AND b.interaction_id <> c.subject_id
        AND b.initiated_by = 'customer'
    GROUP BY c.subject_id, c.as_of
),
web AS (
    SELECT s.subject_id, s.as_of, count(DISTINCT e.session_id) AS visits_week
    FROM subjects AS s
    JOIN events AS e
        ON e.person_id = s.person_id
        AND e.known_at <= s.as_of
        AND e.ts > s.as_of - INTERVAL '7' DAY
    GROUP BY s.subject_id, s.as_of
),
money AS (
    SELECT
        s.subject_id,
        s.as_of,
        count(*) AS transactions_30d,
        sum(t.margin_minor) AS margin_30d
    FROM subjects AS s
    JOIN transactions AS t
        ON t.person_id = s.person_id
        AND t.known_at <= s.as_of
        AND t.ts <= s.as_of
        AND t.ts > s.as_of - INTERVAL '30' DAY
    GROUP BY s.subject_id, s.as_of
),
person AS (
    SELECT
        subject_id,
        as_of,
        try_cast(j_text(attributes, 'tenure') AS DOUBLE) AS tenure,
        j_text(attributes, 'products') AS products
    FROM people_then
)
SELECT
    c.subject_id,
    c.as_of,
    c.channel,
    c.topic,
    c.queue,
    c.disposition,
    c.resolved,
    c.abandoned,
    c.wait_s,
    c.transfers,
    c.survey_score,
    coalesce(o.contacts_before, 0) AS contacts_before,
    coalesce(o.repeat_contacts, 0) AS repeat_contacts,
    coalesce(o.failed_contacts_before, 0) AS failed_contacts_before,
    (us(c.ts) - o.last_us) / 86400000000.0 AS days_since_contact,
    coalesce(w.visits_week, 0) AS visits_week,
    coalesce(m.transactions_30d, 0) AS transactions_30d,
    coalesce(m.margin_30d, 0) AS margin_30d,
    p.tenure,
    CASE
        WHEN p.products = '[]' THEN 0
        WHEN p.products LIKE '[%' THEN 1 + length(p.products) - length(replace(p.products, ',', ''))
        ELSE try_cast(p.products AS BIGINT)
    END AS products
FROM contact AS c
LEFT JOIN others AS o ON o.subject_id = c.subject_id AND o.as_of = c.as_of
LEFT JOIN web AS w ON w.subject_id = c.subject_id AND w.as_of = c.as_of
LEFT JOIN money AS m ON m.subject_id = c.subject_id AND m.as_of = c.as_of
LEFT JOIN person AS p ON p.subject_id = c.subject_id AND p.as_of = c.as_of
