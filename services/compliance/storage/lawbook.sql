-- law_versions --
-- Read the versions of the law that a batch is judged under, and the policies last told.
SELECT jurisdiction, version, policies FROM compliance.law WHERE jurisdiction = ANY($1::text[]);

-- references --
-- Load products, their prices and standards, hospitals or exemptions.
SELECT r.jurisdiction, r.kind, r.code, r.body
FROM compliance.reference r
JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (jurisdiction, kind, code)
  ON r.jurisdiction = wanted.jurisdiction AND r.kind = wanted.kind AND r.code = wanted.code;

-- kin --
-- Name the products that are of a variety or class with some others.
SELECT DISTINCT other.jurisdiction, other.product
FROM unnest($1::text[], $2::text[]) AS asked (jurisdiction, product)
JOIN compliance.family own USING (jurisdiction, product)
JOIN compliance.family other
  ON other.jurisdiction = own.jurisdiction AND other.family = own.family;

-- exemptions --
-- Load all exemptions of some jurisdictions.
SELECT jurisdiction, kind, code, body FROM compliance.reference
WHERE jurisdiction = ANY($1::text[]) AND kind = 'exemption';

-- agreements_named --
-- Load agreements by their ids.
SELECT a.jurisdiction, a.agreement AS code, a.body FROM compliance.agreement a
JOIN unnest($1::text[], $2::text[]) AS wanted (jurisdiction, agreement)
  ON a.jurisdiction = wanted.jurisdiction AND a.agreement = wanted.agreement;

-- agreements_between --
-- Load the agreements between hospitals and products.
SELECT a.jurisdiction, a.agreement AS code, a.body FROM compliance.agreement a
JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (jurisdiction, product, hospital)
  ON a.jurisdiction = wanted.jurisdiction AND a.product = wanted.product
 AND a.hospital = wanted.hospital;

-- agreements_of_products --
-- Load all agreements for some products.
SELECT a.jurisdiction, a.agreement AS code, a.body FROM compliance.agreement a
JOIN unnest($1::text[], $2::text[]) AS wanted (jurisdiction, product)
  ON a.jurisdiction = wanted.jurisdiction AND a.product = wanted.product;

-- appointments_named --
-- Load appointments by the keys of their records.
SELECT d.jurisdiction, d.key, d.record FROM compliance.dossier d
JOIN unnest($1::text[], $2::text[]) AS wanted (jurisdiction, key)
  ON d.jurisdiction = wanted.jurisdiction AND d.kind = 'announcement' AND d.key = wanted.key;

-- appointments_of --
-- Load all appointments for some products; their records are of no hospital, as few others are.
SELECT d.jurisdiction, d.key, d.record FROM compliance.dossier d
JOIN unnest($1::text[], $2::text[]) AS wanted (jurisdiction, product)
  ON d.jurisdiction = wanted.jurisdiction AND d.product = wanted.product AND d.hospital IS NULL
WHERE d.kind = 'announcement' AND d.key LIKE 'appointment/%';
