-- days --
-- Count what stands in a case by the day on which it occurred, and how much of it goes on.
SELECT (occurred_at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*) AS found,
       count(*) FILTER (WHERE status = 'open') AS open
FROM compliance.violation
WHERE jurisdiction = $1 AND rule = $2 AND accused_role = $3 AND accused = $4
  AND occurred_at >= $5 AND occurred_at < $6 AND status <> 'withdrawn' AND NOT exempt
GROUP BY 1
ORDER BY 1;

-- since --
-- Say what has become of a case since its party was told of it last: what notices list, what of that
-- was taken back, also by moving to another case, or went on then and is over, and what none lists.
WITH listed AS (
    SELECT DISTINCT ON (violation) violation, seq FROM compliance.listed
    WHERE case_id = $7 AND kind = 'notice'
    ORDER BY violation, n DESC
), notice AS (
    SELECT issued_at FROM compliance.letter
    WHERE case_id = $7 AND kind = 'notice' AND issued_at IS NOT NULL
    ORDER BY n DESC LIMIT 1
), own AS (
    SELECT v.status, v.exempt, l.violation IS NOT NULL AS listed,
           (SELECT p.status FROM compliance.past p
            WHERE p.id = l.violation AND p.seq <= l.seq ORDER BY p.seq DESC LIMIT 1) AS before
    FROM compliance.violation v LEFT JOIN listed l ON l.violation = v.id
    WHERE v.jurisdiction = $1 AND v.rule = $2 AND v.accused_role = $3 AND v.accused = $4
      AND v.occurred_at >= $5 AND v.occurred_at < $6
), counted AS (
    SELECT count(*) FILTER (WHERE listed AND status <> 'withdrawn' AND NOT exempt) AS standing,
           count(*) FILTER (WHERE listed AND status = 'closed' AND NOT exempt AND before = 'open')
               AS over,
           count(*) FILTER (WHERE NOT listed AND status <> 'withdrawn' AND NOT exempt) AS added
    FROM own
)
SELECT notice.issued_at, told.count AS listed, told.count - standing AS taken_back, over, added
FROM notice, counted, (SELECT count(*) AS count FROM listed) AS told;

-- listing --
-- Give which letters of a case list some violations.
SELECT violation, n FROM compliance.listed
WHERE case_id = $1 AND violation = ANY($2::uuid[])
ORDER BY n;
