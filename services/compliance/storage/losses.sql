-- read_on --
-- Go on behind what was lost, only where we own the partition and stand where we believed.
UPDATE compliance.position p
SET next_offset = lost.following, base = lost.base, topic_id = lost.topic_id
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::uuid[])
    AS lost (topic, partition, epoch, next_offset, base, following, topic_id)
WHERE p.topic = lost.topic AND p.partition = lost.partition
  AND p.epoch = lost.epoch AND p.next_offset = lost.next_offset
  -- A broker that lags behind the others may still name a topic that was left.
  AND NOT EXISTS (SELECT FROM compliance.loss l
                  WHERE l.cause = 'made_again' AND l.topic_id = lost.topic_id);

-- note --
-- Note what was lost.
INSERT INTO compliance.loss
    (topic, partition, cause, first_offset, next_offset, topic_id, noticed_at)
SELECT *, $7
FROM unnest($1::text[], $2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::uuid[]);

-- acknowledge --
-- Note who takes losses for final, and why.
UPDATE compliance.loss
SET acknowledged_at = $4, acknowledged_by = $2, reason = $3
WHERE id = ANY($1::bigint[]) AND acknowledged_at IS NULL
RETURNING id;

-- listed --
-- Give losses, the newest first; those that were acknowledged only where they are asked for.
SELECT id, topic, partition, cause, first_offset, next_offset, noticed_at, acknowledged_at,
       acknowledged_by, reason
FROM compliance.loss
WHERE $1 OR acknowledged_at IS NULL
ORDER BY id DESC LIMIT $2;
