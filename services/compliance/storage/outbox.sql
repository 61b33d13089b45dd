-- become_the_relay --
-- Take the lock of the one relay, if nobody holds it.
SELECT pg_try_advisory_lock(hashtext('vbp-compliance-relay'));

-- claim --
-- Claim what is to be told, oldest first; a claim that was left behind is taken over.
UPDATE compliance.outbox SET claimed_at = now()
WHERE id IN (SELECT id FROM compliance.outbox
             WHERE claimed_at IS NULL OR claimed_at < now() - interval '30 seconds'
             ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id, violation, seq;

-- outgoing --
-- Give violations as they stand, with the change to tell of; people's decisions are all one kind.
SELECT h.seq, CASE WHEN h.actor = 'machine' AND h.change <> 'carried' THEN h.change ELSE 'reviewed' END AS change, h.at, h.hash,
       v.jurisdiction, v.id, v.status, v.exempt, v.occurred_at, v.cured_at, v.detected_at, v.recorded_at,
       v.supersedes, v.review, v.stale, v.seq AS last, v.seen_seq, v.reviewed_at, v.acknowledged_at,
       v.assignee, v.body
FROM unnest($1::uuid[], $2::int[]) AS wanted (violation, seq)
JOIN compliance.history h USING (violation, seq)
JOIN compliance.violation v ON v.id = h.violation
ORDER BY h.at, h.violation, h.seq;

-- end --
-- Forget what was told.
DELETE FROM compliance.outbox WHERE id = ANY($1::bigint[]);

-- unsent_letters --
-- Give dead letters that are not yet on their topic, oldest first, as many as fit into some bytes;
-- of one that is too large for the topic only the beginning, with its digest.
WITH unsent AS (
    SELECT topic, partition, "offset", told, field, reason, key, value, headers,
           coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0)
               + octet_length(headers) AS size
    FROM compliance.dead_letter WHERE sent_at IS NULL
    ORDER BY told, topic, partition, "offset" LIMIT $1
), fitting AS (
    SELECT *, size > $3 AS large,
           sum(least(size, $3)) OVER (ORDER BY told, topic, partition, "offset") AS so_far
    FROM unsent
)
SELECT topic, partition, "offset", told, field, reason, size, large,
       CASE WHEN large THEN substring(key FOR $4) ELSE key END AS key,
       CASE WHEN large THEN substring(value FOR $4) ELSE value END AS value,
       CASE WHEN large THEN NULL ELSE headers END AS headers,
       CASE WHEN large THEN encode(sha256(coalesce(value, '')), 'hex') END AS digest
FROM fitting WHERE so_far <= $2 ORDER BY so_far;

-- sent_letters --
-- Note that dead letters are on their topic.
UPDATE compliance.dead_letter l SET sent_at = now()
FROM unnest($1::text[], $2::int[], $3::bigint[]) AS sent (topic, partition, "offset")
WHERE l.topic = sent.topic AND l.partition = sent.partition AND l."offset" = sent."offset";
