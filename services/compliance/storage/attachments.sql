-- keep --
-- Keep the bytes of files that are not kept yet, or were erased.
INSERT INTO compliance.attachment AS a (sha256, type, size, bytes)
SELECT DISTINCT ON (sha256) * FROM unnest($1::bytea[], $2::text[], $3::int[], $4::bytea[])
    AS t (sha256, type, size, bytes)
ORDER BY sha256
ON CONFLICT (sha256) DO UPDATE SET bytes = excluded.bytes, erased_at = NULL
WHERE a.erased_at IS NOT NULL;

-- attach --
-- Note which files lie beside which lines of history.
INSERT INTO compliance.attached (violation, seq, n, sha256, name)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::bytea[], $5::text[]);

-- most --
-- Give how many files that one of some violations has which has most.
SELECT coalesce(max(count), 0) FROM (
    SELECT count(*) AS count FROM compliance.attached
    WHERE violation = ANY($1::uuid[]) GROUP BY violation) AS counted;
