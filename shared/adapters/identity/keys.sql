-- one --
-- Give the key of an id.
SELECT id, digest, holder, roles, jurisdictions, parties, sources, created_at, expires_at, revoked_at,
       used_on
FROM identity.key
WHERE id = $1;

-- used --
-- Note the day of use; an older one is not written over a later one.
UPDATE identity.key SET used_on = $2 WHERE id = $1 AND (used_on IS NULL OR used_on < $2);

-- hold --
-- Let nobody else make a key for a holder until this transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('vbp-key ' || $1, 0));

-- live --
-- Give the keys of a holder that are taken at a moment, the oldest first.
SELECT id FROM identity.key
WHERE holder = $1 AND revoked_at IS NULL AND expires_at > $2
ORDER BY created_at, id;

-- create --
-- Keep a key.
INSERT INTO identity.key
    (id, digest, holder, roles, jurisdictions, parties, sources, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- all --
-- Give all keys, those of a holder together.
SELECT id, digest, holder, roles, jurisdictions, parties, sources, created_at, expires_at, revoked_at,
       used_on
FROM identity.key
ORDER BY holder, created_at, id;

-- revoke --
-- Take a key no more; gives a row where it was taken until now.
UPDATE identity.key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id;

-- of_role --
-- Give the newest key of a role that is taken at a moment, of each holder of one.
SELECT DISTINCT ON (holder) id, digest, holder, roles, jurisdictions, parties, sources, created_at,
       expires_at, revoked_at, used_on
FROM identity.key
WHERE $1 = ANY (roles) AND revoked_at IS NULL AND expires_at > $2
ORDER BY holder, created_at DESC, id;

-- newest --
-- Give the newest key that is taken at a moment, of each of some holders who has one.
SELECT DISTINCT ON (holder) id, digest, holder, roles, jurisdictions, parties, sources, created_at,
       expires_at, revoked_at, used_on
FROM identity.key
WHERE holder = ANY ($1::text[]) AND revoked_at IS NULL AND expires_at > $2
ORDER BY holder, created_at DESC, id;
