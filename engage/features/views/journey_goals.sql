-- The moments at which somebody finished a journey, whichever visit it was in.
SELECT
    person_id,
    session_id,
    ts,
    known_at,
    coalesce(
        j_text(properties, 'journey'),
        CASE name WHEN 'complaint_submitted' THEN 'complaint' WHEN 'address_changed' THEN 'address' END,
        nullif(regexp_extract(page, '^/([^/?#]+)', 1), '')
    ) AS journey
FROM events
WHERE type = 'track' AND name IN ('application_submitted', 'complaint_submitted', 'address_changed')
