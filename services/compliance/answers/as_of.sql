-- list --
-- List what was known of violations at an instant ($2), newest first; listing.py puts its predicates
-- at the marks. What occurred more than a day after that was known is in a list of its own, so that
-- the others begin where what was known then does. What was known once and is not now has no body
-- here: its lines say it, and what people held of it.
(SELECT id, status, exempt, occurred_at, cured_at, detected_at, recorded_at, supersedes,
        seq, review, stale, seen_seq, reviewed_at, assignee, acknowledged_at, body
 FROM compliance.violation
 WHERE /* wanted */ true AND recorded_at <= $2
   AND occurred_at <= $2::timestamptz + interval '1 day'
 ORDER BY occurred_at DESC, id DESC LIMIT $1)
UNION ALL
(SELECT id, status, exempt, occurred_at, cured_at, detected_at, recorded_at, supersedes,
        seq, review, stale, seen_seq, reviewed_at, assignee, acknowledged_at, body
 FROM compliance.violation
 WHERE /* wanted */ true AND recorded_at <= $2
   AND occurred_at > $2::timestamptz + interval '1 day'
   AND occurred_at - recorded_at > interval '1 day'
 ORDER BY occurred_at DESC, id DESC LIMIT $1)
UNION ALL
(SELECT id, status, exempt, occurred_at, NULL, detected_at, known_from, supersedes,
        seq, NULL, NULL, NULL, NULL, NULL, NULL, NULL
 FROM compliance.past
 WHERE /* wanted */ true AND known_from <= $2 AND known_until > $2
   AND occurred_at <= $2::timestamptz + interval '1 day'
 ORDER BY occurred_at DESC, id DESC LIMIT $1)
UNION ALL
(SELECT id, status, exempt, occurred_at, NULL, detected_at, known_from, supersedes,
        seq, NULL, NULL, NULL, NULL, NULL, NULL, NULL
 FROM compliance.past
 WHERE /* wanted */ true AND known_from <= $2 AND known_until > $2
   AND occurred_at > $2::timestamptz + interval '1 day'
   AND occurred_at - known_from > interval '1 day'
 ORDER BY occurred_at DESC, id DESC LIMIT $1)
ORDER BY occurred_at DESC, id DESC LIMIT $1

-- lines --
-- Give the lines by which some violations stood at an instant ($3): all lines of those that people
-- have touched, ever; of others that have changed since ($2), from the last that told of each.
SELECT h.violation, h.seq, h.at, h.actor, h.change, h.line, h.hash, touched.ever AS touched
FROM unnest($1::uuid[], $2::boolean[]) AS wanted (violation, gone)
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM compliance.history
                   WHERE violation = wanted.violation
                     AND (actor <> 'machine' OR change = 'carried')) AS ever
) AS touched
CROSS JOIN LATERAL (
    SELECT CASE WHEN touched.ever THEN 1
                ELSE (SELECT max(seq) FROM compliance.history
                      WHERE violation = wanted.violation AND at <= $3
                        AND change IN ('opened', 'changed', 'closed')) END AS first
) AS begin
JOIN compliance.history h
  ON h.violation = wanted.violation AND h.seq >= begin.first AND h.at <= $3
WHERE wanted.gone OR touched.ever
ORDER BY h.violation, h.seq;
