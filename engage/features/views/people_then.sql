-- What was known about each subject's person by its moment: the latest version that was true then.
SELECT subject_id, as_of, attributes
FROM (
    SELECT
        s.subject_id,
        s.as_of,
        p.attributes,
        row_number() OVER (
            PARTITION BY s.subject_id, s.as_of
            ORDER BY us(p.valid_from) DESC, us(p.known_at) DESC, p.attributes
        ) AS place
    FROM subjects AS s
    JOIN people AS p
        ON p.person_id = s.person_id AND p.known_at <= s.as_of AND p.valid_from <= s.as_of
) AS versions
WHERE place = 1
