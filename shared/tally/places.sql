-- create --
-- Make the rows of partitions that have none.
INSERT INTO position (topic, partition)
SELECT * FROM unnest($1::text[], $2::int[])
ON CONFLICT DO NOTHING;

-- read --
-- Read where partitions are to be read next.
SELECT topic, partition, next_offset
FROM position
WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::int[]));

-- advance --
-- Move places on over what was read without a gap; never back.
UPDATE position p
SET next_offset = greatest(p.next_offset, span.following)
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[])
     AS span (topic, partition, first, following)
WHERE p.topic = span.topic AND p.partition = span.partition AND p.next_offset >= span.first;
