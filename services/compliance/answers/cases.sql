-- list --
-- List cases of a jurisdiction ($1), the latest month first, by the counts of who is accused alone;
-- cases.py puts its predicates at the mark.
WITH counted AS (
    SELECT month, rule, role, party,
           coalesce(sum(count) FILTER (WHERE NOT exempt), 0)::bigint AS found,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND status = 'open'), 0)::bigint AS open,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND severity = 'breach'), 0)::bigint AS breach,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND severity = 'explain'), 0)::bigint AS explain,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND severity = 'warning'), 0)::bigint AS warning,
           coalesce(sum(count) FILTER (WHERE exempt), 0)::bigint AS exempt
    FROM compliance.accused_count a
    WHERE jurisdiction = $1 AND /* wanted */ true AND /* own */ true
    GROUP BY month, rule, role, party
    HAVING sum(count) > 0
    ORDER BY month DESC, rule DESC, role DESC, party DESC
    LIMIT $2
)
SELECT c.*, w.stage, w.outcome, w.round, w.assignee, w.due, w.closed_at,
       (SELECT count(*) FROM compliance.listed l
        WHERE l.case_id = w.id AND l.wrong_since IS NOT NULL AND l.corrected IS NULL) AS wrong
FROM counted c
LEFT JOIN compliance.case_work w
    ON (w.jurisdiction, w.month, w.rule, w.role, w.party) = ($1, c.month, c.rule, c.role, c.party)
ORDER BY month DESC, rule DESC, role DESC, party DESC;

-- worked --
-- List cases of a jurisdiction ($1) that people work on or have worked on; cases.py puts its
-- predicates at the mark.
WITH worked AS (
    SELECT * FROM compliance.case_work
    WHERE jurisdiction = $1 AND /* wanted */ true AND /* own */ true
    ORDER BY month DESC, rule DESC, role DESC, party DESC
    LIMIT $2
)
SELECT w.month, w.rule, w.role, w.party, c.*, w.stage, w.outcome, w.round, w.assignee, w.due,
       w.closed_at,
       (SELECT count(*) FROM compliance.listed l
        WHERE l.case_id = w.id AND l.wrong_since IS NOT NULL AND l.corrected IS NULL) AS wrong
FROM worked w
CROSS JOIN LATERAL (
    SELECT coalesce(sum(count) FILTER (WHERE NOT exempt), 0)::bigint AS found,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND status = 'open'), 0)::bigint AS open,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND severity = 'breach'), 0)::bigint AS breach,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND severity = 'explain'), 0)::bigint AS explain,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND severity = 'warning'), 0)::bigint AS warning,
           coalesce(sum(count) FILTER (WHERE exempt), 0)::bigint AS exempt
    FROM compliance.accused_count a
    WHERE (a.jurisdiction, a.month, a.rule, a.role, a.party)
        = (w.jurisdiction, w.month, w.rule, w.role, w.party)
) AS c
ORDER BY month DESC, rule DESC, role DESC, party DESC;

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
