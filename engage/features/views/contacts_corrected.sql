-- Each contact by the last word on it: what its record says after every correction, with the
-- `known_at` of its first word. For what became of somebody; a feature reads `interactions`, where a
-- record is as it stood then.
WITH latest AS (
    SELECT interaction_id, max(corrected_at) AS corrected_at
    FROM corrections
    GROUP BY interaction_id
),
-- A word of before the record was stored may come in after it: the record is the last word then.
replaced AS (
    SELECT l.interaction_id, l.corrected_at
    FROM latest AS l
    LEFT JOIN interactions AS i ON i.interaction_id = l.interaction_id
    GROUP BY l.interaction_id, l.corrected_at
    HAVING coalesce(min(i.known_at) <= l.corrected_at, true)
)
SELECT
    i.interaction_id,
    i.person_id,
    i.ts,
    i.ended_at,
    i.known_at,
    i.channel,
    i.direction,
    i.initiated_by,
    i.topic,
    i.queue,
    i.wait_s,
    i.talk_s,
    i.wrap_s,
    i.transfers,
    i.abandoned,
    i.disposition,
    i.resolved,
    i.handled_by,
    i.thread_id,
    i.survey_score
FROM interactions AS i
LEFT JOIN replaced AS r ON r.interaction_id = i.interaction_id
WHERE r.interaction_id IS NULL
UNION ALL
SELECT
    c.interaction_id,
    c.person_id,
    c.ts,
    c.ended_at,
    coalesce(i.known_at, c.known_at) AS known_at,
    c.channel,
    c.direction,
    c.initiated_by,
    c.topic,
    c.queue,
    c.wait_s,
    c.talk_s,
    c.wrap_s,
    c.transfers,
    c.abandoned,
    c.disposition,
    c.resolved,
    c.handled_by,
    c.thread_id,
    c.survey_score
FROM corrections AS c
JOIN replaced AS r ON r.interaction_id = c.interaction_id AND r.corrected_at = c.corrected_at
LEFT JOIN interactions AS i ON i.interaction_id = c.interaction_id AND i.person_id = c.person_id
