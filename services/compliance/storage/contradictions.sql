-- forget --
-- Take back contradictions that are none any more.
DELETE FROM compliance.contradiction c
USING unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
             $8::text[], $9::bytea[])
    AS g (jurisdiction, "order", kind, thing, source, id, holds_source, holds_id, contents)
WHERE c.jurisdiction = g.jurisdiction AND c."order" = g."order" AND c.kind = g.kind
  AND c.thing = g.thing AND c.source = g.source AND c.id = g.id
  AND c.holds_source = g.holds_source AND c.holds_id = g.holds_id AND c.contents = g.contents;

-- note --
-- Note contradictions that came up.
INSERT INTO compliance.contradiction
    (jurisdiction, "order", kind, thing, source, id, holds_source, holds_id, contents)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                     $7::text[], $8::text[], $9::bytea[]);

-- count --
-- Keep the gauge of contradictions in step.
INSERT INTO compliance.contradiction_count (jurisdiction, kind, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
ON CONFLICT (jurisdiction, kind)
DO UPDATE SET count = contradiction_count.count + excluded.count;
