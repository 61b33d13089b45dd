-- save --
-- Write how something is called, unless a later telling says otherwise.
INSERT INTO compliance.name (jurisdiction, kind, code, name, said_at, source, id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
                     $6::text[], $7::text[])
ON CONFLICT (jurisdiction, kind, code) DO UPDATE
SET name = excluded.name, said_at = excluded.said_at, source = excluded.source, id = excluded.id
WHERE (excluded.said_at, excluded.source, excluded.id, excluded.name)
    > (compliance.name.said_at, compliance.name.source, compliance.name.id, compliance.name.name);
