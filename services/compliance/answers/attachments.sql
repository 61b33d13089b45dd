-- listed --
-- Give the files beside the lines of a violation up to one.
SELECT b.seq, encode(b.sha256, 'hex') AS sha256, b.name, a.type, a.size,
       a.erased_at IS NOT NULL AS erased
FROM compliance.attached b JOIN compliance.attachment a USING (sha256)
WHERE b.violation = $1 AND b.seq <= $2
ORDER BY b.seq, b.n;

-- bytes --
-- Give a file that lies beside a violation.
SELECT b.name, a.type, a.bytes
FROM compliance.attached b JOIN compliance.attachment a USING (sha256)
WHERE b.violation = $1 AND b.sha256 = $2 AND a.erased_at IS NULL
ORDER BY b.seq, b.n LIMIT 1;
