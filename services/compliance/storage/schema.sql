-- policies_known --
-- Give the digest of a jurisdiction's policies as last told; reading waits for nobody's lock.
SELECT policies FROM compliance.law WHERE jurisdiction = $1;

-- policies_told --
-- Note the digest of a jurisdiction's policies; gives a row where it differs from the last one.
INSERT INTO compliance.law (jurisdiction, version, policies) VALUES ($1, 1, $2)
ON CONFLICT (jurisdiction) DO UPDATE SET version = law.version + 1, policies = excluded.policies
WHERE law.policies <> excluded.policies
RETURNING version;
