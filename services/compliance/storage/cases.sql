-- there --
-- Say whether a case has violations, or ever had any that still are of it.
SELECT EXISTS (
    SELECT FROM compliance.violation
    WHERE accused_role = $3 AND accused = $4 AND occurred_at >= $5 AND occurred_at < $6
      AND rule = $2 AND jurisdiction = $1
);

-- begin --
-- Begin the work on a case that nobody has begun.
INSERT INTO compliance.case_work
    (id, jurisdiction, rule, month, role, party, stage, outcome, round, moved_at, seq, head)
VALUES ($1, $2, $3, $4, $5, $6, 'found', 'none', 1, $7, 0, '')
ON CONFLICT (id) DO NOTHING;

-- held --
-- Give the work on a case, once nobody else moves it.
SELECT id, stage, outcome, round, assignee, due, closed_at, moved_at, seq
FROM compliance.case_work
WHERE id = $1
FOR UPDATE;

-- since --
-- Give the lines of a case after one.
SELECT seq, at, actor, change
FROM compliance.case_history
WHERE case_id = $1 AND seq > $2
ORDER BY seq;

-- members --
-- Count how the violations of a case stand, as far as a step waits for it.
SELECT count(*) FILTER (WHERE v.review = 'disputed') AS disputed,
       count(*) FILTER (WHERE v.review IN ('new', 'acknowledged', 'disputed') AND EXISTS (
           SELECT FROM compliance.listed l
           WHERE l.violation = v.id AND l.case_id = $1 AND l.kind = 'notice')) AS listed_undecided,
       count(*) FILTER (WHERE v.review = 'upheld' AND v.status = 'open') AS upheld_open,
       (SELECT count(*) FROM compliance.listed
        WHERE case_id = $1 AND wrong_since IS NOT NULL AND corrected IS NULL) AS wrong
FROM compliance.violation v
WHERE v.accused_role = $4 AND v.accused = $5 AND v.occurred_at >= $6 AND v.occurred_at < $7
  AND v.rule = $3 AND v.jurisdiction = $2 AND v.status <> 'withdrawn' AND NOT v.exempt;

-- move --
-- Write how the work on a case stands as it was seen, and a line of its history.
WITH moved AS (
    UPDATE compliance.case_work w
    SET stage = $3, outcome = $4, round = $5, assignee = $6, due = $7, closed_at = $8, moved_at = $9,
        seq = w.seq + 1, head = sha256(w.head || $12)
    WHERE w.id = $1 AND w.seq = $2
    RETURNING w.id, w.seq, w.head
), kept AS (
    INSERT INTO compliance.case_remark (case_id, seq, internal, text)
    SELECT id, seq, $14, $13 FROM moved WHERE $13 <> ''
)
INSERT INTO compliance.case_history (case_id, seq, at, actor, change, line, hash)
SELECT id, seq, $9, $10, $11, $12, head FROM moved
RETURNING seq;

-- draft --
-- Keep the draft of a letter; gives its number within the case.
INSERT INTO compliance.letter (case_id, n, kind, text, drafted_by, drafted_at, language)
SELECT $1, coalesce(max(n), 0) + 1, $2, $3, $4, $5, $6 FROM compliance.letter WHERE case_id = $1
RETURNING n;

-- letter --
-- Give a letter of a case.
SELECT n, kind, text, drafted_by, issued_at, language FROM compliance.letter WHERE case_id = $1 AND n = $2;

-- accusing --
-- Give what a letter that holds something against a party lists, and hold it: what such a letter of
-- the case has listed already is left out. Nobody waits here, so that a worker that holds some never
-- waits for us in turn.
SELECT v.id, v.seq, v.severity, v."order", v.product, v.hospital, v.area, v.occurred_at, v.cured_at,
       v.body ->> 'message_zh' AS message_zh, v.body ->> 'message_en' AS message_en,
       v.body -> 'clause' AS clause, v.body ->> 'quote' AS quote, v.body ->> 'policy' AS policy
FROM compliance.violation v
WHERE v.accused_role = $4 AND v.accused = $5 AND v.occurred_at >= $6 AND v.occurred_at < $7
  AND v.rule = $3 AND v.jurisdiction = $2 AND v.status <> 'withdrawn' AND NOT v.exempt
  AND v.review = $8 AND NOT (v.body ->> 'draft')::boolean
  AND NOT EXISTS (SELECT FROM compliance.listed l
                  WHERE l.violation = v.id AND l.case_id = $1 AND l.kind = $9)
ORDER BY v.occurred_at, v.id
LIMIT $10
FOR SHARE NOWAIT;

-- taken_back --
-- Give what letters of a case list that the facts took back, and nobody has told so.
SELECT v.id, v.seq, v.severity, v."order", v.product, v.hospital, v.area, v.occurred_at, v.cured_at,
       v.body ->> 'message_zh' AS message_zh, v.body ->> 'message_en' AS message_en,
       v.body -> 'clause' AS clause, v.body ->> 'quote' AS quote, v.body ->> 'policy' AS policy
FROM compliance.violation v
WHERE v.id IN (SELECT violation FROM compliance.listed
               WHERE case_id = $1 AND wrong_since IS NOT NULL AND corrected IS NULL)
ORDER BY v.occurred_at, v.id
LIMIT $2
FOR SHARE NOWAIT;

-- numbers --
-- Give the numbers of the letters of a case that list some violations.
SELECT DISTINCT t.n, t.number
FROM compliance.listed l JOIN compliance.letter t USING (case_id, n)
WHERE l.case_id = $1 AND l.violation = ANY($2::uuid[]) AND l.kind <> 'correction'
ORDER BY t.n;

-- issue --
-- Freeze a letter as it goes out.
UPDATE compliance.letter
SET number = $3, issued_by = $4, issued_at = $5, due = $6, body = $7, sha256 = sha256($7),
    signature = $8, signed_with = $9
WHERE case_id = $1 AND n = $2 AND issued_at IS NULL;

-- list_in --
-- Note what a letter that was issued lists, and against whom.
INSERT INTO compliance.listed (violation, case_id, n, kind, seq, role, party)
SELECT id, $1, $2, $3, seq, $4, $5 FROM unnest($6::uuid[], $7::int[]) AS t (id, seq);

-- correct --
-- Note by which letter it was told that what others list was taken back.
UPDATE compliance.listed SET corrected = $2
WHERE case_id = $1 AND violation = ANY($3::uuid[]) AND wrong_since IS NOT NULL
  AND corrected IS NULL;
