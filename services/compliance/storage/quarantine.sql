-- keep --
-- Note that records were set aside; since when stands as it was first noted.
INSERT INTO compliance.quarantine (jurisdiction, kind, key, remedy, error, traceback, version)
SELECT jurisdiction, kind, key, remedy, error, traceback, $7
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS aside (jurisdiction, kind, key, remedy, error, traceback)
ON CONFLICT (jurisdiction, kind, key) DO UPDATE
SET remedy = excluded.remedy, error = excluded.error, traceback = excluded.traceback,
    version = excluded.version;

-- release --
-- Forget records that are judged again.
DELETE FROM compliance.quarantine q
USING unnest($1::text[], $2::text[], $3::text[]) AS back (jurisdiction, kind, key)
WHERE q.jurisdiction = back.jurisdiction AND q.kind = back.kind AND q.key = back.key;

-- judge_again --
-- Have the records judged at once that another version may judge.
INSERT INTO compliance.look_again (jurisdiction, kind, key, look_at)
SELECT jurisdiction, kind, key, 'epoch' FROM compliance.quarantine WHERE remedy = 'judge'
ON CONFLICT (jurisdiction, kind, key) DO UPDATE SET look_at = 'epoch';

-- aside --
-- Give the judgements of all records that are set aside.
SELECT d.jurisdiction, d.kind, d.key, d.judgement
FROM compliance.quarantine q
JOIN compliance.dossier d USING (jurisdiction, kind, key)
ORDER BY jurisdiction, kind, key;

-- release_register --
-- Forget entries of the register that were made anew.
DELETE FROM compliance.quarantine WHERE kind = $1;

-- judgements --
-- Give the judgements of some records.
SELECT d.jurisdiction, d.kind, d.key, d.judgement
FROM compliance.dossier d
JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (jurisdiction, kind, key)
  USING (jurisdiction, kind, key);

-- write_judgements --
-- Write what was last said of some records.
UPDATE compliance.dossier d
SET judgement = anew.judgement, version = d.version + 1
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
    AS anew (jurisdiction, kind, key, judgement)
WHERE d.jurisdiction = anew.jurisdiction AND d.kind = anew.kind AND d.key = anew.key;

-- givers --
-- Give the next judgements.
SELECT jurisdiction, kind, key, judgement FROM compliance.dossier
WHERE (jurisdiction, kind, key) > ($1, $2, $3)
ORDER BY jurisdiction, kind, key LIMIT $4;

-- empty --
-- Begin records anew that gather what others contribute.
UPDATE compliance.dossier d
SET record = anew.record, tail = '', version = d.version + 1
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
    AS anew (jurisdiction, kind, key, record)
WHERE d.jurisdiction = anew.jurisdiction AND d.kind = anew.kind AND d.key = anew.key;
