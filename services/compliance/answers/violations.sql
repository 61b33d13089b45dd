-- list --
-- List violations, newest first; filters.py puts its predicates at the mark.
SELECT id, status, exempt, occurred_at, cured_at, detected_at, recorded_at, supersedes, body
FROM compliance.violation
WHERE /* wanted */ true
ORDER BY occurred_at DESC, id DESC
LIMIT $1

-- one --
-- Give one violation with every column: each must follow from its history.
SELECT id, jurisdiction, rule, status, exempt, severity, product, area, hospital, manufacturer,
       distributor, "order", occurred_at, cured_at, detected_at, recorded_at, seq, head, supersedes,
       body
FROM compliance.violation
WHERE id = $1;

-- history --
-- Give the lines of a violation's history, as they were hashed.
SELECT seq, at, actor, change, line, hash
FROM compliance.history
WHERE violation = $1
ORDER BY seq;

-- facts --
-- Give the events that stand at some places of the bus.
SELECT f.topic, f.partition, f."offset", f.told, f.type, f.source, f.id, f."time", f.recorded, f.data
FROM compliance.fact f
JOIN unnest($1::smallint[], $2::smallint[], $3::bigint[]) AS wanted (topic, partition, "offset")
  ON f.topic = wanted.topic AND f.partition = wanted.partition AND f."offset" = wanted."offset";
