-- one --
-- Give whose session it is, while it lasts.
SELECT subject, roles, jurisdictions, parties, sources
FROM identity.session
WHERE digest = $1 AND expires_at > $2;

-- begin --
-- Keep a session.
INSERT INTO identity.session
    (digest, subject, roles, jurisdictions, parties, sources, began_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- crowd --
-- End all sessions of somebody but the last ones.
DELETE FROM identity.session WHERE digest IN
    (SELECT digest FROM identity.session WHERE subject = $1 ORDER BY began_at DESC, digest OFFSET $2);

-- expired --
-- Forget some that are over: each that begins removes more than it adds.
DELETE FROM identity.session WHERE digest IN
    (SELECT digest FROM identity.session WHERE expires_at <= $1 ORDER BY expires_at LIMIT 100
     FOR UPDATE SKIP LOCKED);

-- end --
-- End a session.
DELETE FROM identity.session WHERE digest = $1;

-- end_all --
-- End all sessions of somebody; gives how many.
WITH ended AS (DELETE FROM identity.session WHERE subject = $1 RETURNING 1)
SELECT count(*) FROM ended;
