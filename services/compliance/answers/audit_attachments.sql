-- count --
-- Count the files that are kept.
SELECT count(*) FROM compliance.attachment;

-- altered --
-- Give the files whose bytes are not those of their hash.
SELECT encode(sha256, 'hex') AS sha256 FROM compliance.attachment
WHERE erased_at IS NULL AND sha256(bytes) <> sha256
ORDER BY 1;

-- beside --
-- Give the lines of disputes, and those beside which files lie, each with what lies there.
SELECT violation, seq, h.at, h.actor, h.change, h.line, h.hash, coalesce(b.files, '{}') AS files
FROM (SELECT * FROM compliance.history WHERE change = 'disputed') AS h
FULL JOIN (SELECT violation, seq, array_agg(encode(sha256, 'hex') ORDER BY n) AS files
           FROM compliance.attached GROUP BY 1, 2) AS b USING (violation, seq);
