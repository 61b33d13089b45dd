-- shut_out --
-- Wait for the batches that are being committed, and let no other be by a worker that runs. Each
-- begins with its positions: whoever holds the table first is in nobody's way.
DO $$ BEGIN
    IF to_regclass('compliance.position') IS NOT NULL THEN
        LOCK TABLE compliance.position IN EXCLUSIVE MODE;
        UPDATE compliance.position SET epoch = epoch + 1;
    END IF;
END $$;

-- policies_known --
-- Give the digest of a jurisdiction's policies as last told; reading waits for nobody's lock.
SELECT policies FROM compliance.law WHERE jurisdiction = $1;

-- policies_told --
-- Note the digest of a jurisdiction's policies; gives a row where it differs from the last one.
INSERT INTO compliance.law (jurisdiction, version, policies) VALUES ($1, 1, $2)
ON CONFLICT (jurisdiction) DO UPDATE SET version = law.version + 1, policies = excluded.policies
WHERE law.policies <> excluded.policies
RETURNING version;
