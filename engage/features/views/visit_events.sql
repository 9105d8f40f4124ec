-- The events of each subject's visit that were known by its moment; the subject is a session.
-- journey: what the page says, else the first part of its path.
SELECT
    s.subject_id,
    s.person_id,
    s.as_of,
    e.event_id,
    e.ts,
    e.known_at,
    e.type,
    e.name,
    e.page,
    e.properties,
    e.zone,
    coalesce(
        j_text(e.properties, 'journey'), nullif(regexp_extract(e.page, '^/([^/?#]+)', 1), '')
    ) AS journey
FROM subjects AS s
JOIN events AS e
    ON e.session_id = s.subject_id AND e.person_id = s.person_id AND e.known_at <= s.as_of
