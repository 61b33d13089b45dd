-- list --
-- List dead letters, the last first; letters.py puts its predicates at the mark.
SELECT topic, partition, "offset", told, field, reason, source, id, redriven_at,
       coalesce(length(value), 0) AS bytes
FROM compliance.dead_letter
WHERE /* wanted */ true
ORDER BY told DESC, topic DESC, partition DESC, "offset" DESC
LIMIT $1
