SELECT
    s.subject_id,
    s.as_of,
    CAST(j_text(e.properties, 'Administrative') AS BIGINT) AS administrative,
    CAST(j_text(e.properties, 'Administrative_Duration') AS DOUBLE) AS administrative_duration,
    CAST(j_text(e.properties, 'Informational') AS BIGINT) AS informational,
    CAST(j_text(e.properties, 'Informational_Duration') AS DOUBLE) AS informational_duration,
    CAST(j_text(e.properties, 'ProductRelated') AS BIGINT) AS product_related,
    CAST(j_text(e.properties, 'ProductRelated_Duration') AS DOUBLE) AS product_related_duration,
    CAST(j_text(e.properties, 'BounceRates') AS DOUBLE) AS bounce_rates,
    CAST(j_text(e.properties, 'ExitRates') AS DOUBLE) AS exit_rates,
    CAST(j_text(e.properties, 'SpecialDay') AS DOUBLE) AS special_day,
    j_text(e.properties, 'Month') AS month,
    j_text(e.properties, 'OperatingSystems') AS operating_systems,
    j_text(e.properties, 'Browser') AS browser,
    j_text(e.properties, 'Region') AS region,
    j_text(e.properties, 'TrafficType') AS traffic_type,
    j_text(e.properties, 'VisitorType') AS visitor_type,
    j_text(e.properties, 'Weekend') AS weekend
FROM subjects AS s
JOIN events AS e
    ON e.session_id = s.subject_id
    AND e.person_id = s.person_id
    AND e.name = 'visit_summed_up'
    AND e.known_at <= s.as_of
