-- begin --
-- Hold the records made anew until all are; a rebuild that was broken off leaves nothing behind.
CREATE TEMP TABLE anew (
    jurisdiction text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    record bytea NOT NULL,
    PRIMARY KEY (jurisdiction, kind, key)
);

-- anew --
-- Give what some records have come to so far.
SELECT a.jurisdiction, a.kind, a.key, a.record
FROM anew a
JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (jurisdiction, kind, key)
  ON a.jurisdiction = wanted.jurisdiction AND a.kind = wanted.kind AND a.key = wanted.key;

-- keep --
-- Keep what some records have come to.
INSERT INTO anew (jurisdiction, kind, key, record)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
ON CONFLICT (jurisdiction, kind, key) DO UPDATE SET record = excluded.record;

-- swap --
-- Put the records made anew in place; what was last said of them stands until they are judged.
INSERT INTO compliance.dossier (jurisdiction, kind, key, version, law, record, judgement)
SELECT jurisdiction, kind, key, 1, 0, record, $1 FROM anew
ON CONFLICT (jurisdiction, kind, key)
DO UPDATE SET record = excluded.record, tail = '', version = dossier.version + 1;

-- empty --
-- Empty the records of a kind that no fact is about: what is contributed to them is given again.
UPDATE compliance.dossier d SET record = $2, tail = '', version = d.version + 1
WHERE d.kind = $1
  AND NOT EXISTS (SELECT FROM anew a WHERE a.jurisdiction = d.jurisdiction AND a.kind = d.kind
                                       AND a.key = d.key);
