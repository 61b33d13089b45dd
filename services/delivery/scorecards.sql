-- counted --
-- Sum lines of some months by one column, and by the hours that their answer took.
SELECT {group} AS code, hours, {sums}
FROM {source}
WHERE jurisdiction = $1 AND month BETWEEN $2 AND $3 AND {level}
  AND ($4::text IS NULL OR distributor = $4) AND ($5::text IS NULL OR area = $5)
  AND ($6::int IS NULL OR remote = $6) AND ($7::text IS NULL OR manufacturer = $7)
  AND ($8::text IS NULL OR product = $8)
GROUP BY 1, 2;

-- shipments --
-- Read the orders of a page that shipped or received something, by what they are of.
SELECT jurisdiction, "order", product, hospital, area, distributor, record
FROM kept
WHERE jurisdiction = $1 AND ($2::text IS NULL OR "order" = $2)
  AND ($3::int IS NULL OR month = $3) AND ($4::text IS NULL OR distributor = $4)
  AND ($5::text IS NULL OR product = $5) AND ($6::text IS NULL OR hospital = $6)
  AND "order" > $7
ORDER BY "order"
LIMIT $8;
