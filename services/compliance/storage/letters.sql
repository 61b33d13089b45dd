-- listed --
-- Give the last dead letters, of one topic or of all, without what they held.
SELECT topic, partition, "offset", told, field, reason, coalesce(length(value), 0) AS bytes
FROM compliance.dead_letter
WHERE $1::text IS NULL OR topic = $1
ORDER BY told DESC, topic, partition, "offset" DESC
LIMIT $2;

-- one --
-- Give the dead letter at a place, whole.
SELECT topic, partition, "offset", told, field, reason, key, value, headers, sent_at
FROM compliance.dead_letter
WHERE topic = $1 AND partition = $2 AND "offset" = $3;
