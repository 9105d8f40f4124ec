WITH days AS (
    SELECT
        s.subject_id,
        s.as_of,
        date_trunc('day', t.ts) AS day,
        sum(t.margin_minor) AS spent
    FROM subjects AS s
    JOIN transactions AS t
        ON t.person_id = s.person_id AND t.known_at <= s.as_of AND t.ts < s.as_of
    GROUP BY s.subject_id, s.as_of, date_trunc('day', t.ts)
),
summed AS (
    SELECT
        subject_id,
        as_of,
        count(*) AS purchases,
        (us(max(day)) - us(min(day))) / 604800000000.0 AS recency_weeks,
        (us(as_of) - us(min(day))) / 604800000000.0 AS age_weeks,
        (us(as_of) - us(max(day))) / 604800000000.0 AS silent_weeks,
        CAST(sum(spent) AS BIGINT) AS spend,
        CAST(max(spent) AS BIGINT) AS largest,
        count(*) FILTER (WHERE us(day) >= us(as_of) - 4838400000000) AS recent_purchases,
        CAST(
            coalesce(sum(spent) FILTER (WHERE us(day) >= us(as_of) - 4838400000000), 0) AS BIGINT
        ) AS recent_spend
    FROM days
    GROUP BY subject_id, as_of
)
SELECT
    subject_id,
    as_of,
    purchases - 1 AS repeats,
    recency_weeks,
    age_weeks,
    silent_weeks,
    spend,
    CAST(spend AS DOUBLE) / purchases AS mean_spend,
    largest,
    recent_purchases,
    recent_spend,
    CAST(purchases - 1 AS DOUBLE) / greatest(age_weeks, 1.0) AS rate
FROM summed
