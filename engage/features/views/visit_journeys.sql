-- The journey of each subject's visit as known by its moment: the one with most page views;
-- where two have as many, the one with most events, then the latest, then the first by name.
SELECT subject_id, as_of, journey
FROM (
    SELECT
        subject_id,
        as_of,
        journey,
        row_number() OVER (
            PARTITION BY subject_id, as_of
            ORDER BY
                count(*) FILTER (WHERE type = 'page') DESC,
                count(*) DESC,
                max(us(ts)) DESC,
                journey
        ) AS place
    FROM visit_events
    WHERE journey IS NOT NULL
    GROUP BY subject_id, as_of, journey
) AS ranked
WHERE place = 1
