-- life --
-- Read an order of every jurisdiction that has one of that name, and that who asks may see.
SELECT k.jurisdiction, k.record, e.manufacturer
FROM kept k
LEFT JOIN entry e ON e.jurisdiction = k.jurisdiction AND e.kind = 'product' AND e.code = k.product
WHERE k."order" = $1 AND ($2::text IS NULL OR k.jurisdiction = $2)
  AND ($3::text[] IS NULL OR k.jurisdiction = ANY ($3));

-- payments --
-- Read the payments that name an order.
SELECT body FROM payment WHERE jurisdiction = $1 AND "order" = $2 ORDER BY payment;

-- places --
-- Say how far the figures reach.
SELECT sum(next_offset)::bigint AS read FROM position;
