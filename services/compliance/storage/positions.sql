-- create --
-- Make the rows of all partitions, before anybody reads them.
INSERT INTO compliance.position (topic, partition)
SELECT * FROM unnest($1::text[], $2::int[])
ON CONFLICT DO NOTHING;

-- lock --
-- Take the rows of some partitions, in one order for every worker, before their epochs move.
SELECT topic, partition, backend_pid, owner
FROM compliance.position
WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::int[]))
ORDER BY topic, partition
FOR UPDATE;

-- owners --
-- Name the backends that hold partitions, to end those that are frozen inside a statement.
SELECT DISTINCT p.backend_pid
FROM compliance.position p
JOIN pg_stat_activity a ON a.pid = p.backend_pid AND a.application_name = p.owner
WHERE (p.topic, p.partition) IN (SELECT * FROM unnest($1::text[], $2::int[]))
  AND p.owner <> $3;

-- take --
-- Become the owner of some partitions: whoever held them can no longer write.
UPDATE compliance.position p
SET epoch = p.epoch + 1, owner = $3, backend_pid = $4
FROM unnest($1::text[], $2::int[]) AS mine (topic, partition)
WHERE p.topic = mine.topic AND p.partition = mine.partition
RETURNING p.topic, p.partition, p.epoch, p.next_offset, p.base, p.topic_id, p.end_offset;

-- read --
-- Read where some partitions stand, to tell a lost fence from a lost place.
SELECT topic, partition, epoch, next_offset, base, topic_id, end_offset
FROM compliance.position
WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::int[]));

-- committed --
-- Read how far the partitions of a topic were committed, as the broker counts.
SELECT partition, next_offset - base AS seek FROM compliance.position WHERE topic = $1;

-- advance --
-- The fence: move positions on, only where we own the partition and stand where we believe.
UPDATE compliance.position p
SET next_offset = batch.next_offset,
    judged_at = greatest(p.judged_at, $6),
    backend_pid = pg_backend_pid()
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[])
    AS batch (topic, partition, epoch, first_offset, next_offset)
WHERE p.topic = batch.topic AND p.partition = batch.partition
  AND p.epoch = batch.epoch AND p.next_offset = batch.first_offset;

-- known --
-- Give the partitions that have rows.
SELECT topic, partition FROM compliance.position;

-- hear --
-- Note what the broker held of our partitions at an instant. Those that we had read to the end were
-- heard until then, unless something of them was lost and nobody has acknowledged it.
UPDATE compliance.position p
SET heard_until = CASE WHEN p.next_offset >= looks.end_offset AND lost.topic IS NULL
                       THEN greatest(p.heard_until, $7::timestamptz) ELSE p.heard_until END,
    topic_id = looks.topic_id,
    stable_offset = looks.stable_offset,
    end_offset = looks.end_offset,
    asked_at = now()
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::uuid[], $5::bigint[], $6::bigint[])
    AS looks (topic, partition, epoch, topic_id, stable_offset, end_offset)
LEFT JOIN (SELECT DISTINCT topic, partition FROM compliance.loss WHERE acknowledged_at IS NULL)
    AS lost USING (topic, partition)
WHERE p.topic = looks.topic AND p.partition = looks.partition AND p.epoch = looks.epoch;

-- heard --
-- Say until when everything has been heard, whoever reads it, and the latest moment of judging.
SELECT min(heard_until) AS heard_until, max(judged_at) AS judged_at FROM compliance.position;

-- passed --
-- Say about how many facts there are.
SELECT sum(next_offset) FROM compliance.position;
