-- One visit as of a moment: what was done in it, what this person did before, and who it is.
WITH visit AS (
    SELECT
        subject_id,
        as_of,
        count(*) FILTER (WHERE type = 'page') AS pages,
        count(DISTINCT CASE WHEN type = 'page' THEN page END) AS different_pages,
        count(*) FILTER (WHERE type = 'page' AND page LIKE '%/calculator%') AS calculator_views,
        count(*) FILTER (WHERE type = 'track' AND name = 'calculator_used') AS calculator_uses,
        max(try_cast(j_text(properties, 'amount') AS DOUBLE)) AS amount,
        count(*) FILTER (WHERE name IN ('form_started', 'application_started')) > 0 AS form_started,
        count(*) FILTER (
            WHERE name IN (
                'form_submitted', 'application_submitted', 'complaint_submitted', 'address_changed'
            )
        ) > 0 AS form_submitted,
        count(DISTINCT CASE WHEN type = 'form' THEN j_text(properties, 'step') END) AS form_steps,
        count(*) FILTER (WHERE name = 'field_error' OR type = 'error') AS form_errors,
        count(*) FILTER (WHERE type = 'click' AND name = 'rage_click') AS rage_clicks,
        greatest(us(as_of) - max(us(ts)), 0) / 60000000.0 AS minutes_idle,
        (max(us(ts)) - min(us(ts))) / 60000000.0 AS minutes,
        max(j_text(properties, 'device')) AS device,
        max(j_text(properties, 'campaign')) AS campaign,
        max_by(zone, concat(us(ts), ' ', event_id)) FILTER (WHERE zone IS NOT NULL) AS zone
    FROM visit_events
    GROUP BY subject_id, as_of
),
earlier_events AS (
    SELECT
        s.subject_id,
        s.as_of,
        e.session_id,
        e.ts,
        e.type,
        e.name,
        e.page,
        hour(local_ts(e.ts, e.zone)) AS local_hour
    FROM subjects AS s
    JOIN events AS e
        ON e.person_id = s.person_id
        AND e.known_at <= s.as_of
        AND e.ts <= s.as_of
        AND e.ts > s.as_of - INTERVAL '30' DAY
        AND e.session_id <> s.subject_id
),
earlier AS (
    SELECT
        subject_id,
        as_of,
        count(DISTINCT session_id) AS visits_before,
        count(
            DISTINCT CASE WHEN local_hour >= 21 OR local_hour < 5 THEN session_id END
        ) AS night_visits_before,
        count(*) FILTER (
            WHERE type = 'page' AND page LIKE '%/calculator%'
        ) AS calculator_views_before,
        count(*) FILTER (WHERE name IN ('form_started', 'application_started')) AS forms_before,
        count(*) FILTER (WHERE name IN ('form_submitted', 'application_submitted')) AS sent_before,
        (us(as_of) - max(us(ts))) / 86400000000.0 AS days_since_visit
    FROM earlier_events
    GROUP BY subject_id, as_of
),
contacts AS (
    SELECT
        s.subject_id,
        s.as_of,
        count(*) AS recent_contacts,
        count(*) FILTER (
            WHERE i.abandoned OR i.disposition = 'unresolved' OR i.resolved = 'false'
        ) AS recent_failed_contacts
    FROM subjects AS s
    JOIN interactions AS i
        ON i.person_id = s.person_id
        AND i.known_at <= s.as_of
        AND i.ts > s.as_of - INTERVAL '30' DAY
        AND i.initiated_by = 'customer'
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
    s.subject_id,
    s.as_of,
    j.journey,
    coalesce(w.device, v.device) AS device,
    w.channel,
    coalesce(w.campaign, v.campaign) IS NOT NULL AS by_campaign,
    hour(local_ts(s.as_of, coalesce(v.zone, p.zone))) AS local_hour,
    coalesce(v.pages, 0) AS pages,
    coalesce(v.different_pages, 0) AS different_pages,
    coalesce(v.calculator_views, 0) AS calculator_views,
    coalesce(v.calculator_uses, 0) AS calculator_uses,
    v.amount,
    coalesce(v.form_started, false) AS form_started,
    coalesce(v.form_submitted, false) AS form_submitted,
    coalesce(v.form_steps, 0) AS form_steps,
    coalesce(v.form_errors, 0) AS form_errors,
    coalesce(v.rage_clicks, 0) AS rage_clicks,
    v.minutes_idle,
    v.minutes,
    coalesce(e.visits_before, 0) > 0 AS returning_visitor,
    coalesce(e.visits_before, 0) AS visits_before,
    coalesce(e.night_visits_before, 0) AS night_visits_before,
    coalesce(e.calculator_views_before, 0) AS calculator_views_before,
    coalesce(e.forms_before, 0) > coalesce(e.sent_before, 0) AS form_left_before,
    e.days_since_visit,
    coalesce(c.recent_contacts, 0) AS recent_contacts,
    coalesce(c.recent_failed_contacts, 0) AS recent_failed_contacts,
    p.subject_id IS NOT NULL AS customer,
    p.tenure,
    CASE
        WHEN p.products = '[]' THEN 0
        WHEN p.products LIKE '[%' THEN 1 + length(p.products) - length(replace(p.products, ',', ''))
        ELSE try_cast(p.products AS BIGINT)
    END AS products
FROM subjects AS s
LEFT JOIN visit AS v ON v.subject_id = s.subject_id AND v.as_of = s.as_of
LEFT JOIN visit_journeys AS j ON j.subject_id = s.subject_id AND j.as_of = s.as_of
LEFT JOIN earlier AS e ON e.subject_id = s.subject_id AND e.as_of = s.as_of
LEFT JOIN contacts AS c ON c.subject_id = s.subject_id AND c.as_of = s.as_of
LEFT JOIN person AS p ON p.subject_id = s.subject_id AND p.as_of = s.as_of
LEFT JOIN sessions AS w
    ON w.session_id = s.subject_id AND w.person_id = s.person_id AND w.known_at <= s.as_of
