-- sums --
-- Sum lines of some months by one column, all of them as if due.
SELECT {group} AS code, {sums}
FROM {source}
WHERE jurisdiction = $1 AND month BETWEEN $2 AND $3 {of}
GROUP BY 1;

-- hours --
-- Count answers by the whole hours that they took.
SELECT code, array_agg(hours) AS hours, array_agg(lines) AS answers
FROM (
    SELECT {group} AS code, hours, sum(lines)::bigint AS lines
    FROM {source}
    WHERE jurisdiction = $1 AND month BETWEEN $2 AND $3 AND hours >= 0 {of}
    GROUP BY 1, 2
) each
GROUP BY code;

-- undue --
-- Sum what is not due yet of lines: they are found by the last of what has to be done.
SELECT {group} AS code, {sums}
FROM line
WHERE jurisdiction = $1 AND month BETWEEN $2 AND $3 {of} AND last_at > ${now}
GROUP BY 1;

-- shipments --
-- Read the orders of a page, by what they are of.
SELECT l."order", l.area, k.record
FROM line l
JOIN kept k ON k.jurisdiction = l.jurisdiction AND k."order" = l."order"
WHERE l.jurisdiction = $1 AND ($2::text IS NULL OR l."order" = $2)
  AND ($3::int IS NULL OR l.month = $3) AND ($4::text IS NULL OR l.distributor = $4)
  AND ($5::text IS NULL OR l.product = $5) AND ($6::text IS NULL OR k.hospital = $6)
  AND l."order" > $7
ORDER BY l."order"
LIMIT $8;
