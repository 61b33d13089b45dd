-- What is called how: names are looked up where a violation is shown, and judge nothing. The last
-- telling holds; said_at, source and id say which that is.
CREATE TABLE compliance.name (
    jurisdiction text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL
        CHECK (kind IN ('product', 'hospital', 'manufacturer', 'distributor', 'agency')),
    code text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    said_at timestamptz NOT NULL,
    source text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    PRIMARY KEY (jurisdiction, kind, code)
);

INSERT INTO compliance.name (jurisdiction, kind, code, name, said_at, source, id)
SELECT DISTINCT ON (jurisdiction, kind, code) jurisdiction, kind, code, name, "time", source, id
FROM (SELECT f."time", f.source, f.id, words ->> 'jurisdiction' AS jurisdiction,
             words ->> 'name' AS name,
             CASE f.type WHEN 'vbp.hospital.enrolled.v1' THEN 'hospital'
                         WHEN 'vbp.party.registered.v1' THEN words ->> 'kind'
                         ELSE 'product' END AS kind,
             coalesce(words ->> 'party', words ->> 'hospital', words ->> 'product') AS code
      FROM (SELECT *, convert_from(data, 'UTF8')::jsonb AS words FROM compliance.fact
            WHERE type IN ('vbp.product.selected.v1', 'vbp.product.listed.v1',
                           'vbp.hospital.enrolled.v1', 'vbp.party.registered.v1')
              AND pg_input_is_valid(convert_from(data, 'UTF8'), 'jsonb')) AS f) AS named
WHERE name IS NOT NULL
ORDER BY jurisdiction, kind, code, "time" DESC, source DESC, id DESC, name DESC;
