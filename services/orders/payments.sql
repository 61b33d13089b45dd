-- begin --
-- Make the rows of payments that nobody has told of yet; an empty body stands for nothing.
INSERT INTO payment (jurisdiction, payment, body)
SELECT jurisdiction, payment, ''::bytea FROM unnest($1::text[], $2::text[]) AS t (jurisdiction, payment)
ON CONFLICT DO NOTHING;

-- lock --
-- Read payments, in one order for every worker, and let nobody else write them.
SELECT jurisdiction, payment, body
FROM payment
WHERE (jurisdiction, payment) IN (SELECT * FROM unnest($1::text[], $2::text[]))
ORDER BY jurisdiction, payment
FOR UPDATE;

-- write --
-- Write payments, and the orders that they name.
UPDATE payment p
SET "order" = t."order", body = t.body
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
     AS t (jurisdiction, payment, "order", body)
WHERE p.jurisdiction = t.jurisdiction AND p.payment = t.payment;
