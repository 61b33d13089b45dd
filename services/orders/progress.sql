-- bought --
-- Sum what was bought in some months, by one column; rows of an area stand for its hospitals.
SELECT {group} AS code, {sums}
FROM purchase p
WHERE p.jurisdiction = $1 AND p.month BETWEEN $2 AND $3 AND {level}
  AND ($4::text IS NULL OR p.area = $4) AND ($5::text IS NULL OR p.hospital = $5)
  AND ($6::text IS NULL OR p.product = $6)
GROUP BY 1;

-- completed --
-- Sum the agreements in force on a day, with what was accepted of them up to the end of its month:
-- all that was, less what was in later months.
SELECT {group} AS code,
       count(*) AS agreements,
       sum(a.quantity) AS agreed,
       sum(a.quantity * a.price) AS agreed_amount,
       count(*) FILTER (WHERE a.price IS NULL) AS unpriced,
       sum(a.quantity * ($2::date - a.since + 1)::float8 / (a.until - a.since)) AS due,
       coalesce(sum(t.accepted), 0) - coalesce(sum(l.accepted), 0) AS accepted,
       coalesce(sum(t.returned), 0) - coalesce(sum(l.returned), 0) AS returned,
       coalesce(sum(t.accepted_amount - t.returned_amount), 0)
           - coalesce(sum(l.amount), 0) AS amount
FROM agreement a
LEFT JOIN completion t
     ON t.jurisdiction = a.jurisdiction AND t.month = 0 AND t.agreement = a.agreement
LEFT JOIN (
    SELECT agreement, sum(accepted) AS accepted, sum(returned) AS returned,
           sum(accepted_amount - returned_amount) AS amount
    FROM completion
    WHERE jurisdiction = $1 AND month > $3
    GROUP BY agreement
) l ON l.agreement = a.agreement
WHERE a.jurisdiction = $1 AND a.since <= $2 AND a.until > $2
  AND ($4::text IS NULL OR a.area = $4) AND ($5::text IS NULL OR a.hospital = $5)
  AND ($6::text IS NULL OR a.product = $6)
GROUP BY 1;
