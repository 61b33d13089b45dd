-- list --
-- List violations, newest first; listing.py puts its predicates at the mark.
SELECT id, status, exempt, occurred_at, cured_at, detected_at, recorded_at, supersedes,
       seq, review, stale, seen_seq, reviewed_at, assignee, acknowledged_at, body
FROM compliance.violation
WHERE /* wanted */ true
ORDER BY occurred_at DESC, id DESC
LIMIT $1

-- some --
-- Give the ids of violations, so many at most; listing.py puts its predicates at the mark.
SELECT id FROM compliance.violation WHERE /* wanted */ true LIMIT $1

-- severities --
-- Count some violations by severity.
SELECT severity, count(*) AS count FROM compliance.violation WHERE id = ANY($1::uuid[]) GROUP BY 1;

-- one --
-- Give one violation with every column: each must follow from its history.
SELECT id, jurisdiction, rule, status, exempt, severity, product, area, hospital, manufacturer,
       distributor, "order", occurred_at, cured_at, detected_at, recorded_at, seq, head, supersedes,
       accused_role, accused, review, stale, seen_seq, reviewed_at, assignee, acknowledged_by,
       acknowledged_at, proposal, proposed_by, disputed_by, body
FROM compliance.violation
WHERE id = $1;
