-- list --
-- List contradictions, newest first; contradictions.py puts its predicates at the mark.
SELECT number, noticed_at, jurisdiction, "order", kind, thing, source, id, holds_source, holds_id
FROM compliance.contradiction
WHERE /* wanted */ true
ORDER BY number DESC
LIMIT $1
