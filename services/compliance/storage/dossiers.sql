-- load --
-- Load the dossiers of some subjects, without what is known of those of a version.
SELECT d.jurisdiction, d.kind, d.key, d.product, d.hospital, d.area, d.awaits, d.version,
       CASE WHEN d.version <> wanted.version THEN d.record END AS record,
       CASE WHEN d.version <> wanted.version THEN d.tail END AS tail,
       CASE WHEN d.version <> wanted.version THEN d.judgement END AS judgement
FROM compliance.dossier d
JOIN unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    AS wanted (jurisdiction, kind, key, version)
  ON d.jurisdiction = wanted.jurisdiction AND d.kind = wanted.kind AND d.key = wanted.key;

-- lock --
-- Load dossiers as above and hold them, in the order of keys.
SELECT d.jurisdiction, d.kind, d.key, d.product, d.hospital, d.area, d.awaits, d.version,
       CASE WHEN d.version <> wanted.version THEN d.record END AS record,
       CASE WHEN d.version <> wanted.version THEN d.tail END AS tail,
       CASE WHEN d.version <> wanted.version THEN d.judgement END AS judgement
FROM compliance.dossier d
JOIN unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    AS wanted (jurisdiction, kind, key, version)
  ON d.jurisdiction = wanted.jurisdiction AND d.kind = wanted.kind AND d.key = wanted.key
ORDER BY d.jurisdiction, d.kind, d.key
FOR UPDATE OF d;

-- update --
-- Write dossiers, only where the version is still the one loaded; a record that is not written
-- stays, and what is large of it is not touched.
UPDATE compliance.dossier d
SET product = new.product, hospital = new.hospital, area = new.area, awaits = new.awaits,
    version = d.version + 1, law = new.law, record = coalesce(new.record, d.record),
    tail = coalesce(new.tail, d.tail), judgement = new.judgement
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::bigint[], $9::bigint[], $10::bytea[], $11::bytea[], $12::bytea[])
    AS new (jurisdiction, kind, key, product, hospital, area, awaits, version, law, record, tail,
            judgement)
WHERE d.jurisdiction = new.jurisdiction AND d.kind = new.kind AND d.key = new.key
  AND d.version = new.version;

-- begin --
-- Begin records with the register, where there are none: an agreement begins its product's
-- appointments, for to have none is the worst gap.
INSERT INTO compliance.dossier
    (jurisdiction, kind, key, product, hospital, area, awaits, version, law, record, judgement)
SELECT jurisdiction, kind, key, product, hospital, area, awaits, 1, 0, record, $9
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::bytea[])
    AS begun (jurisdiction, kind, key, product, hospital, area, awaits, record)
ON CONFLICT DO NOTHING;

-- look_again --
-- Set when to judge records again.
INSERT INTO compliance.look_again (jurisdiction, kind, key, look_at, hear_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
ON CONFLICT (jurisdiction, kind, key)
DO UPDATE SET look_at = excluded.look_at, hear_at = excluded.hear_at;

-- look_no_more --
-- Forget records that wait for nothing.
DELETE FROM compliance.look_again l
USING unnest($1::text[], $2::text[], $3::text[]) AS done (jurisdiction, kind, key)
WHERE l.jurisdiction = done.jurisdiction AND l.kind = done.kind AND l.key = done.key;

-- look_soon --
-- Have some records judged at once.
INSERT INTO compliance.look_again (jurisdiction, kind, key, look_at)
SELECT jurisdiction, kind, key, 'epoch'
FROM unnest($1::text[], $2::text[], $3::text[]) AS touched (jurisdiction, kind, key)
ON CONFLICT (jurisdiction, kind, key) DO UPDATE SET look_at = 'epoch';

-- end_waiting --
-- Have the orders judged that name agreements told just now, and the commitments they belong to.
WITH waiting AS (
    SELECT d.jurisdiction, d.kind, d.key, d.product, d.hospital
    FROM unnest($1::text[], $2::text[]) AS told (jurisdiction, agreement)
    JOIN compliance.dossier d
      ON d.jurisdiction = told.jurisdiction AND d.awaits = told.agreement
), touched AS (
    SELECT jurisdiction, kind, key FROM waiting
    UNION
    SELECT c.jurisdiction, c.kind, c.key FROM waiting w
    JOIN compliance.dossier c USING (jurisdiction, product, hospital)
    WHERE c.kind = 'commitment'
)
INSERT INTO compliance.look_again (jurisdiction, kind, key, look_at)
SELECT jurisdiction, kind, key, 'epoch' FROM touched
ON CONFLICT (jurisdiction, kind, key) DO UPDATE SET look_at = 'epoch';

-- pending --
-- Say since when records of some kinds are due, where any are, that wait for what was heard.
SELECT kind, earliest
FROM unnest($2::text[]) AS asked (kind)
CROSS JOIN LATERAL (
    SELECT l.hear_at AS earliest FROM compliance.look_again l
    WHERE l.kind = asked.kind AND l.hear_at <= $1 ORDER BY l.hear_at LIMIT 1
) AS due;

-- due --
-- Claim records whose time has come; what another worker has claimed is passed over.
WITH looked AS (
    SELECT jurisdiction, kind, key FROM compliance.look_again
    WHERE look_at < $1 ORDER BY look_at LIMIT $4 FOR UPDATE SKIP LOCKED
), listened AS (
    SELECT due.*
    FROM unnest($2::text[], $3::timestamptz[]) AS settled (kind, until)
    CROSS JOIN LATERAL (
        SELECT l.jurisdiction, l.kind, l.key FROM compliance.look_again l
        WHERE l.kind = settled.kind AND l.hear_at <= settled.until
        ORDER BY l.hear_at LIMIT $4 FOR UPDATE SKIP LOCKED
    ) AS due
    LIMIT $4
)
SELECT * FROM looked UNION SELECT * FROM listened;
