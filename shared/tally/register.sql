-- entries --
-- Read what was told of some products and hospitals.
SELECT jurisdiction, kind, code, body
FROM entry
WHERE (jurisdiction, kind, code) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]));

-- write_entries --
-- Write products and hospitals as they are told now.
INSERT INTO entry (jurisdiction, kind, code, body, area, price, manufacturer)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::numeric[],
                     $7::text[])
ON CONFLICT (jurisdiction, kind, code)
DO UPDATE SET body = excluded.body, area = excluded.area, price = excluded.price,
              manufacturer = excluded.manufacturer;

-- following --
-- Read products and hospitals behind one, a part of them.
SELECT jurisdiction, kind, code, body
FROM entry
WHERE (jurisdiction, kind, code) > ($1, $2, $3)
ORDER BY jurisdiction, kind, code
LIMIT $4;

-- agreements --
-- Read some agreements by their names.
SELECT jurisdiction, agreement, body
FROM agreement
WHERE (jurisdiction, agreement) IN (SELECT * FROM unnest($1::text[], $2::text[]));

-- between --
-- Read the agreements of hospitals for products.
SELECT jurisdiction, product, hospital, body
FROM agreement
WHERE (jurisdiction, product, hospital)
      IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]));

-- write_agreements --
-- Write agreements as they are told now.
INSERT INTO agreement (jurisdiction, agreement, product, hospital, quantity, since, until,
                       unit_price, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::date[],
                     $7::date[], $8::numeric[], $9::bytea[])
ON CONFLICT (jurisdiction, agreement)
DO UPDATE SET product = excluded.product, hospital = excluded.hospital,
              quantity = excluded.quantity, since = excluded.since, until = excluded.until,
              unit_price = excluded.unit_price, body = excluded.body;

-- settle --
-- Give agreements the area of their hospital and a price, where any of the three was told anew:
-- the agreement's own price, else the one at which the product was last selected.
UPDATE agreement a
SET area = hospital.area, price = coalesce(a.unit_price, product.price)
FROM agreement b
LEFT JOIN entry hospital ON hospital.jurisdiction = b.jurisdiction
     AND hospital.kind = 'hospital' AND hospital.code = b.hospital
LEFT JOIN entry product ON product.jurisdiction = b.jurisdiction
     AND product.kind = 'product' AND product.code = b.product
WHERE a.jurisdiction = b.jurisdiction AND a.agreement = b.agreement
  AND ((b.jurisdiction, b.product) IN (SELECT * FROM unnest($1::text[], $2::text[]))
       OR (b.jurisdiction, b.hospital) IN (SELECT * FROM unnest($3::text[], $4::text[]))
       OR (b.jurisdiction, b.agreement) IN (SELECT * FROM unnest($5::text[], $6::text[])));
