-- Each visit's age at the moment, from its first event that was known by then.
WITH begun AS (
    SELECT subject_id, as_of, ts FROM visit_events
    UNION ALL
    SELECT s.subject_id, s.as_of, w.started_at AS ts
    FROM subjects AS s
    JOIN sessions AS w
        ON w.session_id = s.subject_id AND w.person_id = s.person_id AND w.known_at <= s.as_of
)
SELECT subject_id, as_of, (us(as_of) - min(us(ts))) / 60000000.0 AS minutes
FROM begun
GROUP BY subject_id, as_of
