-- hospitals --
-- Give all hospitals of a jurisdiction, or one of some codes.
SELECT code, body FROM compliance.reference
WHERE jurisdiction = $1 AND kind = 'hospital' AND ($2::text[] IS NULL OR code = ANY($2));

-- agreements_of_hospitals --
-- Give the agreements of some hospitals, but never more than a limit.
SELECT agreement AS code, body FROM compliance.agreement
WHERE jurisdiction = $1 AND hospital = ANY($2::text[]) LIMIT $3;

-- agreements_of_product --
-- Give the agreements for a product, but never more than a limit.
SELECT agreement AS code, body FROM compliance.agreement
WHERE jurisdiction = $1 AND product = $2 LIMIT $3;

-- products --
-- Give some products.
SELECT code, body FROM compliance.reference
WHERE jurisdiction = $1 AND kind = 'product' AND code = ANY($2::text[]);

-- exemptions --
-- Give all exemptions of a jurisdiction.
SELECT code, body FROM compliance.reference WHERE jurisdiction = $1 AND kind = 'exemption';

-- appointments --
-- Give the records of the appointments of some products.
SELECT product AS code, record AS body FROM compliance.appointments
WHERE jurisdiction = $1 AND product = ANY($2::text[]);

-- told --
-- Say which of some violations have been told and stand.
SELECT id FROM compliance.violation WHERE id = ANY($1::uuid[]) AND status <> 'withdrawn';

-- heard --
-- Give until when everything was heard, and the present.
SELECT (SELECT min(heard_until) FROM compliance.position) AS until, now() AS now;
