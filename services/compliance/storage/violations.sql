-- tell --
-- Write violations as found, a line of history each, and what is to be told of them; the instant
-- of each is the one that its line says, so that row and line never differ. What people decided
-- stays, and is stale once what it rests on has moved. Gives the rows as they were and as they are
-- now, as far as they stand.
WITH told AS (
    SELECT (body ->> 'id')::uuid AS id, body, change, line, supersedes::uuid[] AS supersedes, at,
           role, party
    FROM unnest($1::jsonb[], $2::text[], $3::bytea[], $4::text[], $5::timestamptz[], $6::text[],
                $7::text[])
        AS t (body, change, line, supersedes, at, role, party)
), changed AS (
    UPDATE compliance.violation v
    SET status = t.body ->> 'status', exempt = (t.body ->> 'exempt')::boolean,
        severity = t.body ->> 'severity', product = t.body ->> 'product', area = t.body ->> 'area',
        hospital = t.body ->> 'hospital', manufacturer = t.body ->> 'manufacturer',
        distributor = t.body ->> 'distributor', "order" = t.body ->> 'order',
        occurred_at = (t.body ->> 'occurred_at')::timestamptz,
        cured_at = (t.body ->> 'cured_at')::timestamptz, recorded_at = t.at, body = t.body,
        supersedes = v.supersedes || t.supersedes, accused_role = t.role, accused = t.party,
        stale = v.stale OR v.review IN ('upheld', 'dismissed') AND (v.status = 'withdrawn' OR
            (v.accused_role, v.accused, v.body -> 'occurred_at', v.body -> 'observed',
             v.body -> 'limit', v.body -> 'severity', v.body -> 'clause') IS DISTINCT FROM
            (t.role, t.party, t.body -> 'occurred_at', t.body -> 'observed',
             t.body -> 'limit', t.body -> 'severity', t.body -> 'clause')),
        seq = v.seq + 1, head = sha256(v.head || t.line)
    FROM told t WHERE v.id = t.id
    RETURNING v.id, v.seq, v.head, t.change, t.at, old AS was, new AS now
), opened AS (
    INSERT INTO compliance.violation
        (id, jurisdiction, rule, status, exempt, severity, product, area, hospital, manufacturer,
         distributor, "order", occurred_at, cured_at, detected_at, recorded_at, seq, head,
         supersedes, accused_role, accused, body)
    SELECT t.id, t.body ->> 'jurisdiction', t.body ->> 'rule', t.body ->> 'status',
           (t.body ->> 'exempt')::boolean, t.body ->> 'severity', t.body ->> 'product',
           t.body ->> 'area', t.body ->> 'hospital', t.body ->> 'manufacturer',
           t.body ->> 'distributor', t.body ->> 'order',
           (t.body ->> 'occurred_at')::timestamptz, (t.body ->> 'cured_at')::timestamptz,
           t.at, t.at, 1, sha256(t.line), t.supersedes, t.role, t.party, t.body
    FROM told t WHERE NOT EXISTS (SELECT FROM compliance.violation v WHERE v.id = t.id)
    RETURNING id, seq, head, new AS now
), lines AS (
    INSERT INTO compliance.history (violation, seq, at, actor, change, line, hash)
    SELECT now.id, now.seq, t.at, 'machine', t.change, t.line, now.head
    FROM (SELECT id, seq, head FROM changed UNION ALL SELECT id, seq, head FROM opened) AS now
    JOIN told t USING (id)
    RETURNING violation, seq
), sent AS (
    INSERT INTO compliance.outbox (violation, seq) SELECT violation, seq FROM lines
), moved AS (
    SELECT -1 AS sign, NULL AS change, false AS first, at, (was).* FROM changed
    UNION ALL SELECT 1, change, false, at, (now).* FROM changed
    UNION ALL SELECT 1, t.change, true, t.at, (now).* FROM opened JOIN told t USING (id)
)
SELECT sign, change, first, (at AT TIME ZONE 'Asia/Shanghai')::date AS told_on, jurisdiction,
       rule, severity, (detected_at AT TIME ZONE 'Asia/Shanghai')::date AS found_on,
       date_trunc('day', occurred_at, 'Asia/Shanghai') AS day,
       manufacturer, distributor, hospital, accused_role, accused, area, status, exempt, review, stale,
       to_char(occurred_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month
FROM moved WHERE status <> 'withdrawn';

-- withdraw --
-- Note that violations never were, and say so; what a void took back says by which in its details.
-- Gives them as they were.
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::timestamptz[], $4::jsonb[])
        AS t (id, line, at, details)
), gone AS (
    UPDATE compliance.violation v
    SET status = 'withdrawn', recorded_at = t.at, seq = v.seq + 1, head = sha256(v.head || t.line),
        body = CASE t.details WHEN '{}' THEN v.body
               ELSE jsonb_set(v.body, '{details}', v.body -> 'details' || t.details) END
    FROM told t WHERE v.id = t.id
    RETURNING v.id, v.seq, v.head, t.line, t.at, old AS was
), lines AS (
    INSERT INTO compliance.history (violation, seq, at, actor, change, line, hash)
    SELECT id, seq, at, 'machine', 'withdrawn', line, head FROM gone
    RETURNING violation, seq
), sent AS (
    INSERT INTO compliance.outbox (violation, seq) SELECT violation, seq FROM lines
), moved AS (
    SELECT at, (was).* FROM gone
)
SELECT -1 AS sign, 'withdrawn' AS change, false AS first, (at AT TIME ZONE 'Asia/Shanghai')::date AS told_on,
       jurisdiction, rule, severity, (detected_at AT TIME ZONE 'Asia/Shanghai')::date AS found_on,
       date_trunc('day', occurred_at, 'Asia/Shanghai') AS day, manufacturer, distributor, hospital,
       accused_role, accused, area, status, exempt, review, stale,
       to_char(occurred_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month
FROM moved;

-- count_days --
-- Keep in step on which days what stands open occurred.
INSERT INTO compliance.open_day (jurisdiction, rule, severity, day, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[])
ON CONFLICT (jurisdiction, rule, severity, day) DO UPDATE SET count = open_day.count + excluded.count;

-- forget_days --
-- Take away the days of which nothing stands open any more: there is always a next one.
DELETE FROM compliance.open_day d
USING unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS t (jurisdiction, rule, severity, day)
WHERE (d.jurisdiction, d.rule, d.severity, d.day) = (t.jurisdiction, t.rule, t.severity, t.day)
  AND d.count = 0;

-- count_found_days --
-- Keep in step on which days was found what stands of each case.
INSERT INTO compliance.found_day (jurisdiction, day, month, rule, role, party, count)
SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::text[], $6::text[],
                     $7::bigint[])
ON CONFLICT (jurisdiction, day, month, rule, role, party)
DO UPDATE SET count = found_day.count + excluded.count;

-- count_change_days --
-- Keep in step how many changes a day has brought.
INSERT INTO compliance.change_day (jurisdiction, day, change, count)
SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::bigint[])
ON CONFLICT (jurisdiction, day, change) DO UPDATE SET count = change_day.count + excluded.count;

-- count_parties --
-- Keep in step who is named in what stands open.
INSERT INTO compliance.open_party (jurisdiction, role, party, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
ON CONFLICT (jurisdiction, role, party) DO UPDATE SET count = open_party.count + excluded.count;

-- count_accused --
-- Keep in step who is accused, and of what.
INSERT INTO compliance.accused_count
    (jurisdiction, role, party, month, area, rule, severity, status, exempt, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                     $7::text[], $8::text[], $9::boolean[], $10::bigint[])
ON CONFLICT (jurisdiction, role, party, month, area, rule, severity, status, exempt)
DO UPDATE SET count = accused_count.count + excluded.count;

-- count_judged --
-- Keep in step of how many things rules said something.
INSERT INTO compliance.judged_count (jurisdiction, role, party, month, area, rules, judged, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                     $7::boolean[], $8::bigint[])
ON CONFLICT (jurisdiction, role, party, month, area, rules, judged)
DO UPDATE SET count = judged_count.count + excluded.count;

-- count_open --
-- Keep the gauge of open violations in step.
INSERT INTO compliance.open_count (jurisdiction, rule, severity, area, exempt, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::bigint[])
ON CONFLICT (jurisdiction, rule, severity, area, exempt)
DO UPDATE SET count = open_count.count + excluded.count;

-- count_found --
-- Count violations that were newly found; the number only grows, so where it is counted is decided
-- now: in its area if a hospital there takes part, else among all others.
INSERT INTO compliance.found_count (jurisdiction, rule, severity, area, count)
SELECT jurisdiction, f.rule, f.severity,
       CASE WHEN area = '' OR e.jurisdiction IS NOT NULL THEN area ELSE 'other' END,
       sum(f.count)
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
    AS f (jurisdiction, rule, severity, area, count)
LEFT JOIN compliance.enrolled_area e USING (jurisdiction, area)
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
ON CONFLICT (jurisdiction, rule, severity, area)
DO UPDATE SET count = found_count.count + excluded.count;

-- count_unjudged --
-- Keep the gauge of unjudged records in step.
INSERT INTO compliance.unjudged_count (jurisdiction, rule, missing, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
ON CONFLICT (jurisdiction, rule, missing)
DO UPDATE SET count = unjudged_count.count + excluded.count;
