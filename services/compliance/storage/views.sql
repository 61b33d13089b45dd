-- hold --
-- Let nobody else save a view of somebody until this transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('vbp-view ' || $1, 0));

-- save --
-- Keep a view, in place of the one of this name, where somebody has fewer than so many others.
INSERT INTO compliance.saved_view (principal, name, url)
SELECT $1, $2, $3
WHERE (SELECT count(*) FROM compliance.saved_view WHERE principal = $1 AND name <> $2) < $4
ON CONFLICT (principal, name) DO UPDATE SET url = excluded.url
RETURNING name;

-- forget --
-- Take a view of somebody away.
DELETE FROM compliance.saved_view WHERE principal = $1 AND name = $2;
