-- One visit as of a moment: the traces of somebody who is getting nowhere.
WITH paced AS (
    SELECT
        subject_id,
        as_of,
        event_id,
        ts,
        type,
        name,
        page,
        properties,
        us(ts) - lag(us(ts)) OVER (
            PARTITION BY subject_id, as_of ORDER BY us(ts), event_id
        ) AS pause_us,
        us(as_of) - us(ts) AS age_us
    FROM visit_events
),
visit AS (
    SELECT
        subject_id,
        as_of,
        count(*) FILTER (WHERE type = 'page') AS pages,
        count(DISTINCT CASE WHEN type = 'page' THEN page END) AS different_pages,
        count(*) FILTER (
            WHERE type = 'page' AND (page LIKE '/help%' OR page LIKE '%/help%' OR page LIKE '%/faq%')
        ) AS help_views,
        count(*) FILTER (WHERE name IN ('form_started', 'application_started')) > 0 AS form_started,
        count(*) FILTER (
            WHERE name IN (
                'form_submitted', 'application_submitted', 'complaint_submitted', 'address_changed'
            )
        ) > 0 AS form_submitted,
        count(DISTINCT CASE WHEN type = 'form' THEN j_text(properties, 'step') END) AS form_steps,
        count(*) FILTER (WHERE name = 'field_error' OR type = 'error') AS form_errors,
        count(*) FILTER (
            WHERE (name = 'field_error' OR type = 'error') AND age_us <= 300000000
        ) AS errors_lately,
        count(*) FILTER (WHERE type = 'click' AND name = 'rage_click') AS rage_clicks,
        count(*) FILTER (
            WHERE type = 'click' AND name = 'rage_click' AND age_us <= 300000000
        ) AS rage_clicks_lately,
        count(*) FILTER (WHERE age_us <= 120000000) AS events_lately,
        greatest(min(age_us), 0) / 60000000.0 AS minutes_idle,
        (max(us(ts)) - min(us(ts))) / 60000000.0 AS minutes,
        max(pause_us) / 60000000.0 AS longest_pause,
        max(j_text(properties, 'device')) AS device
    FROM paced
    GROUP BY subject_id, as_of
)
SELECT
    s.subject_id,
    s.as_of,
    j.journey,
    coalesce(w.device, v.device) AS device,
    coalesce(v.pages, 0) AS pages,
    coalesce(v.different_pages, 0) AS different_pages,
    coalesce(v.pages, 0) - coalesce(v.different_pages, 0) AS page_repeats,
    coalesce(v.help_views, 0) AS help_views,
    coalesce(v.form_started, false) AS form_started,
    coalesce(v.form_submitted, false) AS form_submitted,
    coalesce(v.form_steps, 0) AS form_steps,
    coalesce(v.form_errors, 0) AS form_errors,
    coalesce(v.errors_lately, 0) AS errors_lately,
    coalesce(v.rage_clicks, 0) AS rage_clicks,
    coalesce(v.rage_clicks_lately, 0) AS rage_clicks_lately,
    coalesce(v.events_lately, 0) AS events_lately,
    v.minutes_idle,
    v.minutes,
    v.longest_pause,
    v.minutes / nullif(v.pages, 0) AS minutes_per_page
FROM subjects AS s
LEFT JOIN visit AS v ON v.subject_id = s.subject_id AND v.as_of = s.as_of
LEFT JOIN visit_journeys AS j ON j.subject_id = s.subject_id AND j.as_of = s.as_of
LEFT JOIN sessions AS w
    ON w.session_id = s.subject_id AND w.person_id = s.person_id AND w.known_at <= s.as_of
