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
SELECT "order", area, record
FROM (
    SELECT jurisdiction, "order", area
    FROM line
    WHERE jurisdiction = $1 AND ($2::text IS NULL OR "order" = $2)
      AND ($3::int IS NULL OR month = $3) AND ($4::text IS NULL OR distributor = $4)
      AND ($5::text IS NULL OR product = $5) AND ($6::text IS NULL OR hospital = $6)
      AND "order" > $7 {own}
) AS meant
JOIN kept USING (jurisdiction, "order")
ORDER BY "order"
LIMIT $8;
