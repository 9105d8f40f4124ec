-- Subjects whom we offered something within one horizon before or after their moment, so that what
-- became of them does not show what happens to somebody left alone. For label queries: it reads
-- decisions, `subjects.final_id` and `subjects.until`.
SELECT DISTINCT s.subject_id, s.as_of
FROM subjects AS s
JOIN decisions AS d
    ON d.person_id = s.final_id
    AND d.action <> 'none'
    AND d.decided_at <= s.until
    AND us(d.decided_at) > 2 * us(s.as_of) - us(s.until)
