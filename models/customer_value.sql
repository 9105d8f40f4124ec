-- One person as of a moment: what they brought in, how often and how lately, and how they fared.
WITH money AS (
    SELECT
        s.subject_id,
        s.as_of,
        (us(s.as_of) - max(us(t.ts))) / 86400000000.0 AS days_since_transaction,
        (us(s.as_of) - min(us(t.ts))) / 86400000000.0 AS days_since_first,
        count(*) FILTER (WHERE t.ts > s.as_of - INTERVAL '30' DAY) AS transactions_30d,
        count(*) FILTER (WHERE t.ts > s.as_of - INTERVAL '90' DAY) AS transactions_90d,
        count(*) FILTER (WHERE t.ts > s.as_of - INTERVAL '365' DAY) AS transactions_365d,
        count(*) AS transactions_730d,
        sum(t.margin_minor) FILTER (WHERE t.ts > s.as_of - INTERVAL '30' DAY) AS margin_30d,
        sum(t.margin_minor) FILTER (WHERE t.ts > s.as_of - INTERVAL '90' DAY) AS margin_90d,
        sum(t.margin_minor) FILTER (
            WHERE t.ts <= s.as_of - INTERVAL '90' DAY AND t.ts > s.as_of - INTERVAL '180' DAY
        ) AS margin_90d_before,
        sum(t.margin_minor) FILTER (WHERE t.ts > s.as_of - INTERVAL '365' DAY) AS margin_365d,
        sum(t.margin_minor) AS margin_730d,
        sum(t.amount_minor) FILTER (WHERE t.ts > s.as_of - INTERVAL '365' DAY) AS amount_365d,
        count(DISTINCT CASE
            WHEN t.ts > s.as_of - INTERVAL '365' DAY THEN date_trunc('month', t.ts)
        END) AS months_active,
        count(DISTINCT CASE
            WHEN t.ts > s.as_of - INTERVAL '365' DAY THEN t.product
        END) AS products_used,
        count(*) FILTER (WHERE t.kind = 'account_closed') > 0 AS account_closed
    FROM subjects AS s
    JOIN transactions AS t
        ON t.person_id = s.person_id
        AND t.known_at <= s.as_of
        AND t.ts <= s.as_of
        AND t.ts > s.as_of - INTERVAL '730' DAY
    GROUP BY s.subject_id, s.as_of
),
contacts AS (
    SELECT
        s.subject_id,
        s.as_of,
        count(*) AS contacts_365d,
        count(*) FILTER (WHERE i.ts > s.as_of - INTERVAL '90' DAY) AS contacts_90d,
        count(*) FILTER (
            WHERE i.ts > s.as_of - INTERVAL '90' DAY
            AND (i.abandoned OR i.disposition = 'unresolved' OR i.resolved = 'false')
        ) AS failed_contacts_90d
    FROM subjects AS s
    JOIN interactions AS i
        ON i.person_id = s.person_id
        AND i.known_at <= s.as_of
        AND i.ts > s.as_of - INTERVAL '365' DAY
        AND i.initiated_by = 'customer'
    GROUP BY s.subject_id, s.as_of
),
web AS (
    SELECT s.subject_id, s.as_of, count(DISTINCT e.session_id) AS visits_90d
    FROM subjects AS s
    JOIN events AS e
        ON e.person_id = s.person_id
        AND e.known_at <= s.as_of
        AND e.ts > s.as_of - INTERVAL '90' DAY
    GROUP BY s.subject_id, s.as_of
),
person AS (
    SELECT
        subject_id,
        as_of,
        try_cast(j_text(attributes, 'tenure') AS DOUBLE) AS tenure,
        j_text(attributes, 'products') AS products,
        j_text(attributes, 'region') AS region
    FROM people_then
)
SELECT
    s.subject_id,
    s.as_of,
    m.days_since_transaction,
    m.days_since_first,
    coalesce(m.transactions_30d, 0) AS transactions_30d,
    coalesce(m.transactions_90d, 0) AS transactions_90d,
    coalesce(m.transactions_365d, 0) AS transactions_365d,
    coalesce(m.transactions_730d, 0) AS transactions_730d,
    coalesce(m.margin_30d, 0) AS margin_30d,
    coalesce(m.margin_90d, 0) AS margin_90d,
    coalesce(m.margin_90d, 0) - coalesce(m.margin_90d_before, 0) AS margin_trend,
    coalesce(m.margin_365d, 0) AS margin_365d,
    coalesce(m.margin_730d, 0) AS margin_730d,
    coalesce(m.amount_365d, 0) AS amount_365d,
    coalesce(m.months_active, 0) AS months_active,
    coalesce(m.products_used, 0) AS products_used,
    coalesce(m.account_closed, false) AS account_closed,
    coalesce(c.contacts_90d, 0) AS contacts_90d,
    coalesce(c.contacts_365d, 0) AS contacts_365d,
    coalesce(c.failed_contacts_90d, 0) AS failed_contacts_90d,
    coalesce(w.visits_90d, 0) AS visits_90d,
    p.tenure,
    p.region,
    CASE
        WHEN p.products = '[]' THEN 0
        WHEN p.products LIKE '[%' THEN 1 + length(p.products) - length(replace(p.products, ',', ''))
        ELSE try_cast(p.products AS BIGINT)
    END AS products
FROM subjects AS s
LEFT JOIN money AS m ON m.subject_id = s.subject_id AND m.as_of = s.as_of
LEFT JOIN contacts AS c ON c.subject_id = s.subject_id AND c.as_of = s.as_of
LEFT JOIN web AS w ON w.subject_id = s.subject_id AND w.as_of = s.as_of
LEFT JOIN person AS p ON p.subject_id = s.subject_id AND p.as_of = s.as_of
