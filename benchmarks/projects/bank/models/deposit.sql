SELECT
    s.subject_id,
    s.as_of,
    CAST(j_text(p.attributes, 'age') AS DOUBLE) AS age,
    j_text(p.attributes, 'job') AS job,
    j_text(p.attributes, 'marital') AS marital,
    j_text(p.attributes, 'education') AS education,
    j_text(p.attributes, 'default') AS in_default,
    j_text(p.attributes, 'housing') AS housing,
    j_text(p.attributes, 'loan') AS loan,
    j_text(p.attributes, 'contact') AS contact,
    j_text(p.attributes, 'month') AS month,
    j_text(p.attributes, 'day_of_week') AS day_of_week,
    CAST(j_text(p.attributes, 'campaign') AS BIGINT) AS campaign,
    CAST(j_text(p.attributes, 'pdays') AS BIGINT) AS pdays,
    CAST(j_text(p.attributes, 'previous') AS BIGINT) AS previous,
    j_text(p.attributes, 'poutcome') AS poutcome,
    CAST(j_text(p.attributes, '$."emp.var.rate"') AS DOUBLE) AS emp_var_rate,
    CAST(j_text(p.attributes, '$."cons.price.idx"') AS DOUBLE) AS cons_price_idx,
    CAST(j_text(p.attributes, '$."cons.conf.idx"') AS DOUBLE) AS cons_conf_idx,
    CAST(j_text(p.attributes, 'euribor3m') AS DOUBLE) AS euribor3m,
    CAST(j_text(p.attributes, '$."nr.employed"') AS DOUBLE) AS nr_employed
FROM subjects AS s
JOIN people_then AS p ON p.subject_id = s.subject_id AND p.as_of = s.as_of
