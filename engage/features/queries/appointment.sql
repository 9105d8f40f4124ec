SELECT
    s.subject_id,
    s.as_of,
    (us(a.starts_at) - us(s.as_of)) / 3600000000.0 AS hours_until,
    a.kind,
    a.state
FROM subjects AS s
JOIN appointments AS a
    ON a.appointment_id = s.subject_id AND a.person_id = s.person_id AND a.known_at <= s.as_of
