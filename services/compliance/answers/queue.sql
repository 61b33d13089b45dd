-- reviews --
-- Give how many stand in which state of review; areas in which no hospital takes part count as one.
SELECT jurisdiction, r.rule, r.severity,
       CASE WHEN area = '' OR e.jurisdiction IS NOT NULL THEN area ELSE 'other' END AS area,
       r.review, r.stale, sum(r.count)::bigint AS count
FROM compliance.review_count r LEFT JOIN compliance.enrolled_area e USING (jurisdiction, area)
WHERE r.count <> 0
GROUP BY 1, 2, 3, 4, 5, 6
HAVING sum(r.count) <> 0;

-- oldest --
-- Give since when the oldest of each rule and severity that nobody has looked at has been known.
SELECT k.jurisdiction, k.rule, k.severity, first.detected_at
FROM (SELECT DISTINCT jurisdiction, rule, severity FROM compliance.review_count
      WHERE review = 'new' AND count > 0) AS k
CROSS JOIN LATERAL (
    SELECT detected_at FROM compliance.violation v
    WHERE (v.jurisdiction, v.rule, v.severity) = (k.jurisdiction, k.rule, k.severity)
      AND review = 'new' AND status <> 'withdrawn' AND NOT exempt
    ORDER BY detected_at LIMIT 1
) AS first;

-- unlooked --
-- Count what nobody has looked at since before an instant, of some rules: breaches, or all but them.
SELECT count(*) AS count FROM (
    SELECT FROM compliance.violation
    WHERE jurisdiction = $1 AND rule = ANY($2::text[]) AND (severity = 'breach') = $3
      AND detected_at < $4 AND review = 'new' AND status <> 'withdrawn' AND NOT exempt
    LIMIT $5) AS few;

-- pending --
-- Count what has waited in a state of review since before an instant.
SELECT count(*) AS count FROM (
    SELECT FROM compliance.violation
    WHERE jurisdiction = $1 AND review = $2 AND review IN ('acknowledged', 'disputed')
      AND reviewed_at < $3 AND status <> 'withdrawn' AND NOT exempt
    LIMIT $4) AS few;

-- cases --
-- Give how many cases stand in which stage.
SELECT jurisdiction, rule, stage, count FROM compliance.case_count WHERE count <> 0;

-- late_cases --
-- Count the cases of a jurisdiction in a stage whose last day was before a day.
SELECT count(*) AS count FROM (
    SELECT FROM compliance.case_work
    WHERE jurisdiction = $1 AND stage = $2 AND due < $3
    LIMIT $4) AS few;

-- to_correct --
-- Count the cases of a jurisdiction with a letter of which the facts took something back, untold.
SELECT count(*) AS count FROM (
    SELECT DISTINCT l.case_id
    FROM compliance.listed l JOIN compliance.case_work w ON w.id = l.case_id
    WHERE l.wrong_since IS NOT NULL AND l.corrected IS NULL AND w.jurisdiction = $1
    LIMIT $2) AS few;
