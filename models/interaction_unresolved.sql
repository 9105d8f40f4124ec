-- One contact as its record stood at a moment, with what this person had been through before.
WITH contact AS (
    SELECT
        s.subject_id,
        s.person_id,
        s.as_of,
        i.ts,
        i.channel,
        i.direction,
        coalesce(i.topic, i.queue) AS topic,
        i.queue,
        i.wait_s,
        i.talk_s,
        i.wrap_s,
        i.transfers,
        i.abandoned,
        i.disposition,
        coalesce(i.resolved, 'unknown') AS resolved,
        i.handled_by,
        i.thread_id,
        i.survey_score,
        (us(s.as_of) - us(coalesce(i.ended_at, i.ts))) / 3600000000.0 AS hours_since
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
        count(*) FILTER (WHERE b.thread_id = c.thread_id) AS thread_contacts,
        count(*) FILTER (
            WHERE b.ts > c.ts AND coalesce(b.topic, b.queue) = c.topic
        ) AS contacts_since,
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
    SELECT
        s.subject_id,
        s.as_of,
        count(DISTINCT e.session_id) AS visits_week,
        count(*) FILTER (
            WHERE e.type = 'page' AND e.page LIKE '/help%' AND e.ts > s.as_of - INTERVAL '1' DAY
        ) AS help_views_day,
        count(*) FILTER (WHERE e.name = 'field_error' OR e.type = 'error') AS form_errors_week
    FROM subjects AS s
    JOIN events AS e
        ON e.person_id = s.person_id
        AND e.known_at <= s.as_of
        AND e.ts > s.as_of - INTERVAL '7' DAY
    GROUP BY s.subject_id, s.as_of
),
person AS (
    SELECT
        subject_id,
        as_of,
        try_cast(j_text(attributes, 'tenure') AS DOUBLE) AS tenure,
        j_text(attributes, 'products') AS products,
        j_text(attributes, 'zone') AS zone
    FROM people_then
)
SELECT
    c.subject_id,
    c.as_of,
    c.channel,
    c.direction,
    c.topic,
    c.queue,
    c.handled_by,
    c.disposition,
    c.resolved,
    c.abandoned,
    c.wait_s,
    c.talk_s,
    c.wrap_s,
    c.transfers,
    c.survey_score,
    c.hours_since,
    hour(local_ts(c.ts, p.zone)) AS local_hour,
    coalesce(o.contacts_before, 0) AS contacts_before,
    coalesce(o.repeat_contacts, 0) AS repeat_contacts,
    coalesce(o.failed_contacts_before, 0) AS failed_contacts_before,
    coalesce(o.thread_contacts, 0) AS thread_contacts,
    coalesce(o.contacts_since, 0) AS contacts_since,
    (us(c.ts) - o.last_us) / 86400000000.0 AS days_since_contact,
    coalesce(w.visits_week, 0) AS visits_week,
    coalesce(w.help_views_day, 0) AS help_views_day,
    coalesce(w.form_errors_week, 0) AS form_errors_week,
    p.tenure,
    CASE
        WHEN p.products = '[]' THEN 0
        WHEN p.products LIKE '[%' THEN 1 + length(p.products) - length(replace(p.products, ',', ''))
        ELSE try_cast(p.products AS BIGINT)
    END AS products
FROM contact AS c
LEFT JOIN others AS o ON o.subject_id = c.subject_id AND o.as_of = c.as_of
LEFT JOIN web AS w ON w.subject_id = c.subject_id AND w.as_of = c.as_of
LEFT JOIN person AS p ON p.subject_id = c.subject_id AND p.as_of = c.as_of
