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

-- to_redrive --
-- Give the next dead letters, of one topic or of all, that were not sent again, the first ones first.
SELECT topic, partition, "offset", told, field, reason, key, value, headers, sent_at
FROM compliance.dead_letter
WHERE redriven_at IS NULL AND ($1::text IS NULL OR topic = $1)
  AND (told, topic, partition, "offset") > ($2, $3, $4, $5)
ORDER BY told, topic, partition, "offset"
LIMIT $6;

-- note_redriven --
-- Note when dead letters were sent again.
UPDATE compliance.dead_letter d SET redriven_at = $4
FROM unnest($1::text[], $2::int[], $3::bigint[]) AS sent (topic, partition, "offset")
WHERE d.topic = sent.topic AND d.partition = sent.partition AND d."offset" = sent."offset";
