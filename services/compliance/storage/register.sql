-- share_law --
-- Hold the law still until the batch is committed.
SELECT jurisdiction, version FROM compliance.law
WHERE jurisdiction = ANY($1::text[]) ORDER BY jurisdiction FOR SHARE;

-- move_law --
-- Move the law on, because the register changed.
UPDATE compliance.law SET version = version + 1
WHERE jurisdiction = ANY($1::text[]) RETURNING jurisdiction, version;

-- save_references --
-- Write products, their prices and standards, hospitals and exemptions as merged.
INSERT INTO compliance.reference (jurisdiction, kind, code, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
ON CONFLICT (jurisdiction, kind, code) DO UPDATE SET body = excluded.body;

-- save_areas --
-- Note the areas in which hospitals take part.
INSERT INTO compliance.enrolled_area (jurisdiction, area)
SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT DO NOTHING;

-- save_agreements --
-- Write agreements as last told.
INSERT INTO compliance.agreement (jurisdiction, agreement, product, hospital, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[])
ON CONFLICT (jurisdiction, agreement)
DO UPDATE SET product = excluded.product, hospital = excluded.hospital, body = excluded.body;

-- save_families --
-- Note of which varieties and classes products are told; what one was, it stays.
INSERT INTO compliance.family (jurisdiction, family, product)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT DO NOTHING;

-- kin --
-- Name the products that are of a variety or class with some others.
SELECT DISTINCT other.jurisdiction, other.product
FROM unnest($1::text[], $2::text[]) AS asked (jurisdiction, product)
JOIN compliance.family own USING (jurisdiction, product)
JOIN compliance.family other
  ON other.jurisdiction = own.jurisdiction AND other.family = own.family;

-- products_of_hospitals --
-- Name the products for which some hospitals have agreements.
SELECT DISTINCT a.jurisdiction, a.product FROM compliance.agreement a
JOIN unnest($1::text[], $2::text[]) AS touched (jurisdiction, hospital)
  ON a.jurisdiction = touched.jurisdiction AND a.hospital = touched.hospital;

-- beginnings --
-- Name the products that were told in a jurisdiction.
SELECT kind AS entry, jurisdiction, code AS product
FROM compliance.reference WHERE jurisdiction = $1 AND kind IN ('product', 'price', 'standard');

-- agreed --
-- Name the next pairs of product and hospital that agreed on something in a jurisdiction.
SELECT DISTINCT product, hospital FROM compliance.agreement
WHERE jurisdiction = $1 AND (product, hospital) > ($2, $3)
ORDER BY product, hospital LIMIT $4;

-- touch --
-- Note that everything of a product, a hospital or a whole jurisdiction that was judged before the
-- law moved must be judged again.
INSERT INTO compliance.touch (jurisdiction, product, hospital, law)
SELECT jurisdiction, product, hospital, l.version
FROM unnest($1::text[], $2::text[], $3::text[]) AS touched (jurisdiction, product, hospital)
JOIN compliance.law l USING (jurisdiction);

-- claim_pair_touches --
-- Take touches of one hospital and product each; they are expanded together.
DELETE FROM compliance.touch
WHERE id IN (SELECT id FROM compliance.touch
             WHERE product IS NOT NULL AND hospital IS NOT NULL
             ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING jurisdiction, product, hospital, law;

-- expand_pairs --
-- Have the records between hospitals and products judged at once.
INSERT INTO compliance.look_again (jurisdiction, kind, key, look_at)
SELECT DISTINCT d.jurisdiction, d.kind, d.key, 'epoch'::timestamptz
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    AS touched (jurisdiction, product, hospital, law)
JOIN compliance.dossier d USING (jurisdiction, product, hospital)
WHERE d.law < touched.law
ON CONFLICT (jurisdiction, kind, key) DO UPDATE SET look_at = 'epoch';

-- claim_wide_touch --
-- Take one touch that may reach very many records.
SELECT id, jurisdiction, product, hospital, law, done_kind, done_key
FROM compliance.touch
WHERE product IS NULL OR hospital IS NULL
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- expand_wide --
-- Have the next range of records judged at once; gives the last one reached, and how many.
WITH next AS (
    SELECT d.jurisdiction, d.kind, d.key, d.law
    FROM compliance.dossier d
    WHERE d.jurisdiction = $1
      AND ($2::text IS NULL OR d.product = $2) AND ($3::text IS NULL OR d.hospital = $3)
      AND (d.kind, d.key) > ($5, $6)
    ORDER BY d.kind, d.key LIMIT $7
), due AS (
    INSERT INTO compliance.look_again (jurisdiction, kind, key, look_at)
    SELECT jurisdiction, kind, key, 'epoch' FROM next WHERE law < $4
    ON CONFLICT (jurisdiction, kind, key) DO UPDATE SET look_at = 'epoch'
)
SELECT kind, key, count(*) OVER () AS reached FROM next ORDER BY kind DESC, key DESC LIMIT 1;

-- move_touch --
-- Note how far a touch was expanded.
UPDATE compliance.touch SET done_kind = $2, done_key = $3 WHERE id = $1;

-- end_touch --
-- Forget a touch that was expanded to its end.
DELETE FROM compliance.touch WHERE id = $1;
