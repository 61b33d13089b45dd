-- work --
-- Give the work on a case.
SELECT stage, outcome, round, assignee, due, closed_at, moved_at, seq, head
FROM compliance.case_work WHERE id = $1;

-- shares --
-- Count how the violations of a case stand, those that were withdrawn among them; `later` were found
-- after an instant.
SELECT status, review, stale, severity, exempt, count(*) AS count,
       count(*) FILTER (WHERE detected_at > $7) AS later
FROM compliance.violation
WHERE jurisdiction = $1 AND rule = $2 AND accused_role = $3 AND accused = $4
  AND occurred_at >= $5 AND occurred_at < $6
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5;

-- lines --
-- Give the lines of a case, in the order in which they were hashed. To a party words that are not
-- for it are as if they had been taken away.
SELECT h.seq, h.at, h.actor, h.change, h.line, h.hash, r.text AS words, r.internal,
       r.erased_at IS NOT NULL OR r.text IS NULL AND current_user = 'vbp_reader'
                                  AND NOT compliance.sees_everybody() AS erased
FROM compliance.case_history h LEFT JOIN compliance.case_remark r USING (case_id, seq)
WHERE h.case_id = $1
ORDER BY h.seq;

-- letters --
-- Give the letters of a case, without the bytes of those that were issued.
SELECT t.n, t.kind, t.text, t.language, t.drafted_by, t.drafted_at, t.number, t.issued_by,
       t.issued_at, t.due,       encode(sha256(t.body), 'hex') AS sha256, t.signed_with,
       (SELECT count(*) FROM compliance.listed l WHERE (l.case_id, l.n) = (t.case_id, t.n)) AS listed,
       (SELECT count(*) FROM compliance.listed l
        WHERE (l.case_id, l.n) = (t.case_id, t.n) AND l.wrong_since IS NOT NULL
          AND l.corrected IS NULL) AS wrong
FROM compliance.letter t
WHERE t.case_id = $1
ORDER BY t.n;

-- body --
-- Give a letter as it went out.
SELECT body, signature, signed_with FROM compliance.letter
WHERE case_id = $1 AND n = $2 AND issued_at IS NOT NULL;

-- named --
-- Give whom and what a case's violations name.
SELECT DISTINCT named.party, named.code
FROM compliance.violation v
CROSS JOIN LATERAL (VALUES ('product', v.product), ('hospital', v.hospital),
                           ('manufacturer', v.manufacturer), ('distributor', v.distributor))
    AS named (party, code)
WHERE v.jurisdiction = $1 AND v.rule = $2 AND v.accused_role = $3 AND v.accused = $4
  AND v.occurred_at >= $5 AND v.occurred_at < $6 AND named.code IS NOT NULL;
