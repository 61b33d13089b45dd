-- works --
-- Give the work on cases behind one, in order.
SELECT id, stage, outcome, round, assignee, due, closed_at, seq, head
FROM compliance.case_work
WHERE id > $1
ORDER BY id
LIMIT $2;

-- lines --
-- Give the lines of some cases, in the order in which they were hashed.
SELECT h.case_id, h.seq, h.at, h.actor, h.change, h.line, h.hash, r.text AS words, r.internal,
       r.erased_at IS NOT NULL AS erased
FROM compliance.case_history h LEFT JOIN compliance.case_remark r USING (case_id, seq)
WHERE h.case_id = ANY($1::text[])
ORDER BY h.case_id, h.seq;

-- letters --
-- Give the letters of some cases that went out, by the hash of their bytes, and what each lists.
SELECT t.case_id, t.n, encode(sha256(t.body), 'hex') AS sha256,
       ARRAY(SELECT ARRAY[l.violation::text, l.seq::text] FROM compliance.listed l
             WHERE (l.case_id, l.n) = (t.case_id, t.n) ORDER BY l.violation) AS listed
FROM compliance.letter t
WHERE t.case_id = ANY($1::text[]) AND t.issued_at IS NOT NULL;

-- orphans --
-- Give the cases that have a history and no work.
SELECT DISTINCT case_id FROM compliance.case_history h
WHERE NOT EXISTS (SELECT FROM compliance.case_work w WHERE w.id = h.case_id)
ORDER BY case_id;

-- unmarked --
-- Give what letters list that is noted as borne out and is not, or the reverse.
SELECT l.case_id, l.n, l.violation, l.wrong_since IS NOT NULL AS held
FROM compliance.listed l JOIN compliance.violation v ON v.id = l.violation
WHERE l.kind <> 'correction'
  AND (l.wrong_since IS NULL) = (v.status = 'withdrawn' OR v.exempt
                                 OR (v.accused_role, v.accused) <> (l.role, l.party))
ORDER BY l.case_id, l.n, l.violation;

-- miscounted --
-- Give the stages of which another number of cases is noted than stand in them.
SELECT jurisdiction, rule, stage, coalesce(c.count, 0) AS held, coalesce(w.count, 0) AS told
FROM compliance.case_count c
FULL JOIN (SELECT jurisdiction, rule, stage, count(*) FROM compliance.case_work
           WHERE stage <> 'found' GROUP BY 1, 2, 3) AS w USING (jurisdiction, rule, stage)
WHERE coalesce(c.count, 0) <> coalesce(w.count, 0)
ORDER BY 1, 2, 3;
