-- lock_positions --
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

-- take_positions --
-- Become the owner of some partitions: whoever held them can no longer write.
UPDATE compliance.position p
SET epoch = p.epoch + 1, owner = $3, backend_pid = $4
FROM unnest($1::text[], $2::int[]) AS mine (topic, partition)
WHERE p.topic = mine.topic AND p.partition = mine.partition
RETURNING p.topic, p.partition, p.epoch, p.next_offset;

-- positions --
-- Read where some partitions stand, to tell a lost fence from a lost place.
SELECT topic, partition, epoch, next_offset
FROM compliance.position
WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::int[]));

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

-- hear --
-- Note that partitions whose end we had passed at an instant were heard until then.
UPDATE compliance.position p
SET heard_until = CASE WHEN p.next_offset >= ends.end_offset
                       THEN greatest(p.heard_until, $5) ELSE p.heard_until END,
    end_offset = greatest(p.end_offset, ends.end_offset)
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[])
    AS ends (topic, partition, epoch, end_offset)
WHERE p.topic = ends.topic AND p.partition = ends.partition AND p.epoch = ends.epoch;

-- heard --
-- Say until when everything has been heard, whoever reads it, and the latest moment of judging.
SELECT min(heard_until) AS heard_until, max(judged_at) AS judged_at FROM compliance.position;

-- law_versions --
-- Read the versions of the law that a batch is judged under, and the policies last told.
SELECT jurisdiction, version, policies FROM compliance.law WHERE jurisdiction = ANY($1::text[]);

-- share_law --
-- Hold the law still until the batch is committed.
SELECT jurisdiction, version FROM compliance.law
WHERE jurisdiction = ANY($1::text[]) ORDER BY jurisdiction FOR SHARE;

-- move_law --
-- Move the law on, because the register changed.
UPDATE compliance.law SET version = version + 1
WHERE jurisdiction = ANY($1::text[]) RETURNING jurisdiction, version;

-- dossiers --
-- Load the dossiers of some subjects.
SELECT d.jurisdiction, d.kind, d.key, d.product, d.hospital, d.area, d.version, d.record, d.judgement
FROM compliance.dossier d
JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (jurisdiction, kind, key)
  ON d.jurisdiction = wanted.jurisdiction AND d.kind = wanted.kind AND d.key = wanted.key;

-- lock_dossiers --
-- Load dossiers that lost the race three times, and hold them.
SELECT d.jurisdiction, d.kind, d.key, d.product, d.hospital, d.area, d.version, d.record, d.judgement
FROM compliance.dossier d
JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (jurisdiction, kind, key)
  ON d.jurisdiction = wanted.jurisdiction AND d.kind = wanted.kind AND d.key = wanted.key
ORDER BY d.jurisdiction, d.kind, d.key
FOR UPDATE OF d;

-- update_dossiers --
-- Write dossiers, only where the version is still the one loaded.
UPDATE compliance.dossier d
SET product = new.product, hospital = new.hospital, area = new.area, awaits = new.awaits,
    version = d.version + 1, law = new.law, record = new.record, judgement = new.judgement
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::bigint[], $9::bigint[], $10::bytea[], $11::bytea[])
    AS new (jurisdiction, kind, key, product, hospital, area, awaits, version, law, record,
            judgement)
WHERE d.jurisdiction = new.jurisdiction AND d.kind = new.kind AND d.key = new.key
  AND d.version = new.version;

-- create_appointments --
-- An agreement creates its product's appointments if there are none: no cover is the worst gap.
INSERT INTO compliance.dossier
    (jurisdiction, kind, key, product, version, law, record, judgement)
SELECT jurisdiction, 'appointments', product, product, 1, 0, $3, $4
FROM unnest($1::text[], $2::text[]) AS signed (jurisdiction, product)
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
-- Have the appointments of some products judged at once.
INSERT INTO compliance.look_again (jurisdiction, kind, key, look_at)
SELECT jurisdiction, 'appointments', product, 'epoch'
FROM unnest($1::text[], $2::text[]) AS touched (jurisdiction, product)
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

-- due --
-- Claim records whose time has come; what another worker has claimed is passed over.
WITH looked AS (
    SELECT jurisdiction, kind, key FROM compliance.look_again
    WHERE look_at < $1 ORDER BY look_at LIMIT $3 FOR UPDATE SKIP LOCKED
), listened AS (
    SELECT jurisdiction, kind, key FROM compliance.look_again
    WHERE hear_at <= $2 ORDER BY hear_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
SELECT * FROM looked UNION SELECT * FROM listened;

-- touch --
-- Note that everything of a product, a hospital or a whole jurisdiction that was judged before the
-- law moved must be judged again.
INSERT INTO compliance.touch (jurisdiction, product, hospital, law)
SELECT jurisdiction, product, hospital, l.version
FROM unnest($1::text[], $2::text[], $3::text[]) AS touched (jurisdiction, product, hospital)
JOIN compliance.law l USING (jurisdiction);

-- claim_pair_touches --
-- Take touches of one hospital and product each; they are expanded together.
DELETE FROM compliance.touch
WHERE id IN (SELECT id FROM compliance.touch
             WHERE product IS NOT NULL AND hospital IS NOT NULL
             ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING jurisdiction, product, hospital, law;

-- expand_pairs --
-- Have the records between hospitals and products judged at once.
INSERT INTO compliance.look_again (jurisdiction, kind, key, look_at)
SELECT DISTINCT d.jurisdiction, d.kind, d.key, 'epoch'::timestamptz
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    AS touched (jurisdiction, product, hospital, law)
JOIN compliance.dossier d USING (jurisdiction, product, hospital)
WHERE d.law < touched.law
ON CONFLICT (jurisdiction, kind, key) DO UPDATE SET look_at = 'epoch';

-- claim_wide_touch --
-- Take one touch that may reach very many records.
SELECT id, jurisdiction, product, hospital, law, done_kind, done_key
FROM compliance.touch
WHERE product IS NULL OR hospital IS NULL
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- expand_wide --
-- Have the next range of records judged at once; gives the last one reached, and how many.
WITH next AS (
    SELECT d.jurisdiction, d.kind, d.key, d.law
    FROM compliance.dossier d
    WHERE d.jurisdiction = $1
      AND ($2::text IS NULL OR d.product = $2) AND ($3::text IS NULL OR d.hospital = $3)
      AND (d.kind, d.key) > ($5, $6)
    ORDER BY d.kind, d.key LIMIT $7
), due AS (
    INSERT INTO compliance.look_again (jurisdiction, kind, key, look_at)
    SELECT jurisdiction, kind, key, 'epoch' FROM next WHERE law < $4
    ON CONFLICT (jurisdiction, kind, key) DO UPDATE SET look_at = 'epoch'
)
SELECT kind, key, count(*) OVER () AS reached FROM next ORDER BY kind DESC, key DESC LIMIT 1;

-- move_touch --
-- Note how far a touch was expanded.
UPDATE compliance.touch SET done_kind = $2, done_key = $3 WHERE id = $1;

-- end_touch --
-- Forget a touch that was expanded to its end.
DELETE FROM compliance.touch WHERE id = $1;

-- products_of_hospital --
-- Name the products for which a hospital has agreements.
SELECT DISTINCT product FROM compliance.agreement WHERE jurisdiction = $1 AND hospital = $2;

-- references --
-- Load products, hospitals or exemptions.
SELECT r.jurisdiction, r.kind, r.code, r.body
FROM compliance.reference r
JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (jurisdiction, kind, code)
  ON r.jurisdiction = wanted.jurisdiction AND r.kind = wanted.kind AND r.code = wanted.code;

-- exemptions --
-- Load all exemptions of some jurisdictions.
SELECT jurisdiction, kind, code, body FROM compliance.reference
WHERE jurisdiction = ANY($1::text[]) AND kind = 'exemption';

-- agreements_named --
-- Load agreements by their ids.
SELECT a.jurisdiction, a.body FROM compliance.agreement a
JOIN unnest($1::text[], $2::text[]) AS wanted (jurisdiction, agreement)
  ON a.jurisdiction = wanted.jurisdiction AND a.agreement = wanted.agreement;

-- agreements_between --
-- Load the agreements between hospitals and products.
SELECT a.jurisdiction, a.body FROM compliance.agreement a
JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (jurisdiction, product, hospital)
  ON a.jurisdiction = wanted.jurisdiction AND a.product = wanted.product
 AND a.hospital = wanted.hospital;

-- agreements_of_products --
-- Load all agreements for some products.
SELECT a.jurisdiction, a.body FROM compliance.agreement a
JOIN unnest($1::text[], $2::text[]) AS wanted (jurisdiction, product)
  ON a.jurisdiction = wanted.jurisdiction AND a.product = wanted.product;

-- save_references --
-- Write products, hospitals and exemptions as merged.
INSERT INTO compliance.reference (jurisdiction, kind, code, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
ON CONFLICT (jurisdiction, kind, code) DO UPDATE SET body = excluded.body;

-- save_agreements --
-- Write agreements as last told.
INSERT INTO compliance.agreement (jurisdiction, agreement, product, hospital, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[])
ON CONFLICT (jurisdiction, agreement)
DO UPDATE SET product = excluded.product, hospital = excluded.hospital, body = excluded.body;

-- tell_violations --
-- Write violations as found, a line of history each, and what is to be told of them.
WITH told AS (
    SELECT (body ->> 'id')::uuid AS id, body, change, line, supersedes::uuid[] AS supersedes
    FROM unnest($1::jsonb[], $2::text[], $3::bytea[], $4::text[])
        AS t (body, change, line, supersedes)
), changed AS (
    UPDATE compliance.violation v
    SET status = t.body ->> 'status', exempt = (t.body ->> 'exempt')::boolean,
        severity = t.body ->> 'severity', product = t.body ->> 'product', area = t.body ->> 'area',
        hospital = t.body ->> 'hospital', manufacturer = t.body ->> 'manufacturer',
        distributor = t.body ->> 'distributor', "order" = t.body ->> 'order',
        occurred_at = (t.body ->> 'occurred_at')::timestamptz,
        cured_at = (t.body ->> 'cured_at')::timestamptz, recorded_at = $5, body = t.body,
        supersedes = v.supersedes || t.supersedes,
        seq = v.seq + 1, head = sha256(v.head || t.line)
    FROM told t WHERE v.id = t.id
    RETURNING v.id, v.seq, v.head
), opened AS (
    INSERT INTO compliance.violation
        (id, jurisdiction, rule, status, exempt, severity, product, area, hospital, manufacturer,
         distributor, "order", occurred_at, cured_at, detected_at, recorded_at, seq, head,
         supersedes, body)
    SELECT t.id, t.body ->> 'jurisdiction', t.body ->> 'rule', t.body ->> 'status',
           (t.body ->> 'exempt')::boolean, t.body ->> 'severity', t.body ->> 'product',
           t.body ->> 'area', t.body ->> 'hospital', t.body ->> 'manufacturer',
           t.body ->> 'distributor', t.body ->> 'order',
           (t.body ->> 'occurred_at')::timestamptz, (t.body ->> 'cured_at')::timestamptz,
           $5, $5, 1, sha256(t.line), t.supersedes, t.body
    FROM told t WHERE NOT EXISTS (SELECT FROM compliance.violation v WHERE v.id = t.id)
    RETURNING id, seq, head
), lines AS (
    INSERT INTO compliance.history (violation, seq, at, actor, change, line, hash)
    SELECT now.id, now.seq, $5, 'machine', t.change, t.line, now.head
    FROM (SELECT * FROM changed UNION ALL SELECT * FROM opened) AS now JOIN told t USING (id)
    RETURNING violation, seq
)
INSERT INTO compliance.outbox (violation, seq) SELECT violation, seq FROM lines;

-- withdraw_violations --
-- Note that violations never were, and say so.
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::bytea[]) AS t (id, line)
), gone AS (
    UPDATE compliance.violation v
    SET status = 'withdrawn', recorded_at = $3, seq = v.seq + 1, head = sha256(v.head || t.line)
    FROM told t WHERE v.id = t.id
    RETURNING v.id, v.seq, v.head, t.line
), lines AS (
    INSERT INTO compliance.history (violation, seq, at, actor, change, line, hash)
    SELECT id, seq, $3, 'machine', 'withdrawn', line, head FROM gone
    RETURNING violation, seq
)
INSERT INTO compliance.outbox (violation, seq) SELECT violation, seq FROM lines;

-- count_open --
-- Keep the gauge of open violations in step.
INSERT INTO compliance.open_count (jurisdiction, rule, severity, area, exempt, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::bigint[])
ON CONFLICT (jurisdiction, rule, severity, area, exempt)
DO UPDATE SET count = open_count.count + excluded.count;

-- count_unjudged --
-- Keep the gauge of unjudged records in step.
INSERT INTO compliance.unjudged_count (jurisdiction, rule, missing, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
ON CONFLICT (jurisdiction, rule, missing)
DO UPDATE SET count = unjudged_count.count + excluded.count;

-- claim_outbox --
-- Claim what is to be told, oldest first; a claim that was left behind is taken over.
UPDATE compliance.outbox SET claimed_at = now()
WHERE id IN (SELECT id FROM compliance.outbox
             WHERE claimed_at IS NULL OR claimed_at < now() - interval '30 seconds'
             ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id, violation, seq;

-- outgoing --
-- Give violations as the API serves them, with the change to tell of.
SELECT h.violation, h.seq, h.change, h.at, v.jurisdiction, v.recorded_at,
       (v.body || jsonb_build_object('status', v.status, 'exempt', v.exempt,
            'detected_at', v.detected_at, 'recorded_at', v.recorded_at,
            'supersedes', to_jsonb(v.supersedes)))::text AS body
FROM unnest($1::uuid[], $2::int[]) AS wanted (violation, seq)
JOIN compliance.history h USING (violation, seq)
JOIN compliance.violation v ON v.id = h.violation
ORDER BY h.at, h.violation, h.seq;

-- end_outbox --
-- Forget what was told.
DELETE FROM compliance.outbox WHERE id = ANY($1::bigint[]);

-- unsent_letters --
-- Give dead letters that are not yet on their topic.
SELECT topic, partition, "offset", told, field, reason, key, value, headers
FROM compliance.dead_letter WHERE sent_at IS NULL ORDER BY told LIMIT $1;

-- sent_letters --
-- Note that dead letters are on their topic.
UPDATE compliance.dead_letter l SET sent_at = now()
FROM unnest($1::text[], $2::int[], $3::bigint[]) AS sent (topic, partition, "offset")
WHERE l.topic = sent.topic AND l.partition = sent.partition AND l."offset" = sent."offset";

-- create_positions --
-- Make the rows of all partitions, before anybody reads them.
INSERT INTO compliance.position (topic, partition)
SELECT * FROM unnest($1::text[], $2::int[])
ON CONFLICT DO NOTHING;

-- policies_known --
-- Give the digest of a jurisdiction's policies as last told; reading waits for nobody's lock.
SELECT policies FROM compliance.law WHERE jurisdiction = $1;

-- policies_told --
-- Note the digest of a jurisdiction's policies; gives a row where it differs from the last one.
INSERT INTO compliance.law (jurisdiction, version, policies) VALUES ($1, 1, $2)
ON CONFLICT (jurisdiction) DO UPDATE SET version = law.version + 1, policies = excluded.policies
WHERE law.policies <> excluded.policies
RETURNING version;
