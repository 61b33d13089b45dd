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
-- Note which topics partitions were read of, and where they ended.
UPDATE position p
SET topic_id = look.topic_id, end_offset = look.end_offset
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

-- lost --
-- Count what was lost unread.
SELECT coalesce(sum(lost), 0)::bigint FROM position;
