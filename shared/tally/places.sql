-- create --
-- Make the rows of partitions that have none.
INSERT INTO position (topic, partition)
SELECT * FROM unnest($1::text[], $2::int[])
ON CONFLICT DO NOTHING;

-- read --
-- Read where partitions are to be read next.
SELECT topic, partition, next_offset, base, topic_id, end_offset
FROM position
WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::int[]));

-- advance --
-- Move places on over what was read without a gap; never back.
UPDATE position p
SET next_offset = greatest(p.next_offset, span.following)
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[])
     AS span (topic, partition, first, following)
WHERE p.topic = span.topic AND p.partition = span.partition AND p.next_offset >= span.first;

-- seen --
-- Note which topics partitions were read of, and where they ended at an instant. What the look before
-- found was read until then, if we have come so far: a busy partition is never read to its last end.
UPDATE position p
SET topic_id = look.topic_id, end_offset = look.end_offset, looked_at = $5,
    read_until = CASE WHEN p.next_offset >= p.end_offset THEN p.looked_at ELSE p.read_until END
FROM unnest($1::text[], $2::int[], $3::uuid[], $4::bigint[])
     AS look (topic, partition, topic_id, end_offset)
WHERE p.topic = look.topic AND p.partition = look.partition;

-- read_on --
-- Read on behind what was lost, where the partition still stands as it did.
UPDATE position p
SET next_offset = gone.following, base = gone.base, topic_id = gone.topic_id, lost = p.lost + gone.count
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::uuid[])
     AS gone (topic, partition, next_offset, base, following, count, topic_id)
WHERE p.topic = gone.topic AND p.partition = gone.partition AND p.next_offset = gone.next_offset;

-- reach --
-- Say until when all was read, and how much waits of what the broker held when it was last asked.
SELECT min(CASE WHEN next_offset >= end_offset THEN looked_at ELSE read_until END) AS read_until,
       coalesce(sum(greatest(end_offset - next_offset, 0)), 0)::bigint AS lag
FROM position;

-- lost --
-- Count what was lost unread.
SELECT coalesce(sum(lost), 0)::bigint FROM position;
