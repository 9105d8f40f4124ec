WITH log AS (
    SELECT s.subject_id, s.as_of, e.event_id, e.name, e.ts
    FROM subjects AS s
    JOIN events AS e
        ON e.person_id = s.person_id AND e.known_at <= s.as_of AND e.ts <= s.as_of
),
counted AS (
    SELECT
        subject_id,
        as_of,
        count(*) AS activities,
        count(*) FILTER (WHERE name = 'taken_in_charge') AS taken_in_charge,
        count(*) FILTER (WHERE name = 'waiting') AS waited,
        count(*) FILTER (
            WHERE name NOT IN ('opened', 'taken_in_charge', 'waiting', 'closed')
        ) AS other_activities,
        min(us(ts)) AS began,
        min(us(ts)) FILTER (WHERE name = 'taken_in_charge') AS charged,
        max(us(ts)) FILTER (WHERE name <> 'closed') AS last_done
    FROM log
    GROUP BY subject_id, as_of
),
ordered AS (
    SELECT
        subject_id,
        as_of,
        name,
        row_number() OVER (PARTITION BY subject_id, as_of ORDER BY us(ts), event_id) AS first_place,
        row_number() OVER (
            PARTITION BY subject_id, as_of ORDER BY name = 'closed', us(ts) DESC, event_id
        ) AS last_place
    FROM log
)
SELECT
    c.subject_id,
    c.as_of,
    c.activities,
    c.taken_in_charge,
    c.waited,
    c.other_activities,
    (us(c.as_of) - c.began) / 3600000000.0 AS hours_open,
    (c.charged - c.began) / 3600000000.0 AS hours_to_charge,
    (us(c.as_of) - c.last_done) / 3600000000.0 AS hours_since_last,
    hour(local_ts(c.as_of, 'Europe/Rome')) AS hour,
    dayofweek(local_ts(c.as_of, 'Europe/Rome')) AS weekday,
    month(local_ts(c.as_of, 'Europe/Rome')) AS month,
    f.name AS first_activity,
    l.name AS last_activity
FROM counted AS c
LEFT JOIN ordered AS f
    ON f.subject_id = c.subject_id AND f.as_of = c.as_of AND f.first_place = 1
LEFT JOIN ordered AS l
    ON l.subject_id = c.subject_id AND l.as_of = c.as_of AND l.last_place = 1
