-- forget --
-- Take away some lines that are older than a year.
DELETE FROM identity.access WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM identity.access WHERE at < now() - interval '365 days'
    ORDER BY at LIMIT 10000));

-- last --
-- Give the last lines, of somebody or of all, of an act or of any, since an instant.
SELECT at, subject, act, method, path, query, status FROM identity.access
WHERE ($1::text IS NULL OR subject = $1) AND ($2::text IS NULL OR act = $2) AND at >= $3
ORDER BY at DESC
LIMIT $4;
