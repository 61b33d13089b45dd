-- indexes --
-- Give the indexes of some tables that no key needs.
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'compliance' AND tablename = ANY ($1) AND indexname NOT LIKE '%_pkey';

-- choose --
-- Name a copy of each violation that was made by hand.
CREATE TEMP TABLE copied AS
SELECT id AS old, md5(id::text || $1::text)::uuid AS new FROM made;

-- copy_history --
-- Copy the lines of histories, hashed anew under the other name.
WITH RECURSIVE told AS (
    SELECT c.old, c.new, h.seq, h.at, h.actor, h.change, n.line, sha256(n.line) AS hash
    FROM copied c JOIN compliance.history h ON h.violation = c.old AND h.seq = 1
    CROSS JOIN LATERAL (
        SELECT convert_to(replace(convert_from(h.line, 'UTF8'), c.old::text, c.new::text), 'UTF8')
    ) AS n (line)
    UNION ALL
    SELECT t.old, t.new, h.seq, h.at, h.actor, h.change, n.line, sha256(t.hash || n.line)
    FROM told t JOIN compliance.history h ON h.violation = t.old AND h.seq = t.seq + 1
    CROSS JOIN LATERAL (
        SELECT convert_to(replace(convert_from(h.line, 'UTF8'), t.old::text, t.new::text), 'UTF8')
    ) AS n (line)
)
INSERT INTO compliance.history (violation, seq, at, actor, change, line, hash)
SELECT new, seq, at, actor, change, line, hash FROM told;

-- copy_violations --
-- Copy violations.
INSERT INTO compliance.violation
    (id, jurisdiction, rule, status, exempt, severity, product, area, hospital, manufacturer,
     distributor, "order", occurred_at, cured_at, detected_at, recorded_at, seq, head, supersedes,
     accused_role, accused, review, stale, seen_seq, reviewed_at, assignee, acknowledged_by,
     acknowledged_at, disputed_by, body)
SELECT c.new, v.jurisdiction, v.rule, v.status, v.exempt, v.severity, v.product, v.area, v.hospital,
       v.manufacturer, v.distributor, v."order", v.occurred_at, v.cured_at, v.detected_at,
       v.recorded_at, v.seq, h.hash, v.supersedes, v.accused_role, v.accused, v.review, v.stale,
       v.seen_seq, v.reviewed_at, v.assignee, v.acknowledged_by, v.acknowledged_at, v.disputed_by,
       jsonb_set(v.body, '{id}', to_jsonb(c.new))
FROM copied c
JOIN compliance.violation v ON v.id = c.old
JOIN compliance.history h ON h.violation = c.new AND h.seq = v.seq;

-- copy_past --
-- Copy what was known of them earlier.
INSERT INTO compliance.past
SELECT c.new, p.seq, p.known_from, p.known_until, p.jurisdiction, p.rule, p.status, p.exempt,
       p.severity, p.product, p.area, p.hospital, p.manufacturer, p.distributor, p."order",
       p.occurred_at, p.detected_at, p.supersedes, p.accused_role, p.accused
FROM copied c JOIN compliance.past p ON p.id = c.old;

-- accused --
-- Count who is accused of what.
INSERT INTO compliance.accused_count
    (jurisdiction, role, party, month, area, rule, severity, status, exempt, count)
SELECT jurisdiction, accused_role, accused,
       to_char(occurred_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM'), area, rule, severity, status,
       exempt, count(*)
FROM compliance.violation WHERE status <> 'withdrawn'
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;

-- judged --
-- Say that of each thing found twenty were judged.
INSERT INTO compliance.judged_count (jurisdiction, role, party, month, area, rules, judged, count)
SELECT jurisdiction, role, party, month, area, rule, true, 20 * sum(count)
FROM compliance.accused_count
GROUP BY 1, 2, 3, 4, 5, 6;

-- open --
-- Count what stands open.
INSERT INTO compliance.open_count (jurisdiction, rule, severity, area, exempt, count)
SELECT jurisdiction, rule, severity, area, exempt, sum(count)
FROM compliance.accused_count WHERE status = 'open'
GROUP BY 1, 2, 3, 4, 5;

-- days --
-- Count on which days what stands open occurred.
INSERT INTO compliance.open_day (jurisdiction, rule, severity, day, count)
SELECT jurisdiction, rule, severity, date_trunc('day', occurred_at, 'Asia/Shanghai'), count(*)
FROM compliance.violation WHERE status = 'open' AND NOT exempt
GROUP BY 1, 2, 3, 4;

-- parties --
-- Count who is named in what stands open.
INSERT INTO compliance.open_party (jurisdiction, role, party, count)
SELECT jurisdiction, role, party, count(*)
FROM compliance.violation,
     LATERAL (VALUES ('manufacturer', manufacturer), ('distributor', distributor),
                     ('hospital', hospital)) AS named (role, party)
WHERE status = 'open' AND NOT exempt
GROUP BY 1, 2, 3;

-- reviews --
-- Count what stands in which state of review.
INSERT INTO compliance.review_count (jurisdiction, rule, severity, area, review, stale, count)
SELECT jurisdiction, rule, severity, area, review, stale, count(*)
FROM compliance.violation WHERE status <> 'withdrawn' AND NOT exempt
GROUP BY 1, 2, 3, 4, 5, 6;

-- found --
-- Count what was ever found.
INSERT INTO compliance.found_count (jurisdiction, rule, severity, area, count)
SELECT jurisdiction, rule, severity, area, count(*)
FROM compliance.violation WHERE NOT exempt
GROUP BY 1, 2, 3, 4;

-- areas --
-- Say that hospitals take part in every area.
INSERT INTO compliance.enrolled_area (jurisdiction, area)
SELECT DISTINCT jurisdiction, area FROM compliance.open_count;

-- cases --
-- Have somebody work on every tenth case of the parties, by one line of its history each.
WITH taken AS (
    SELECT DISTINCT jurisdiction, rule, month, role, party
    FROM compliance.accused_count
    WHERE party <> '' AND hashtext(rule || month || party) % 10 = 0
), work AS (
    INSERT INTO compliance.case_work
        (id, jurisdiction, rule, month, role, party, stage, outcome, round, assignee, due, moved_at,
         seq, head)
    SELECT concat_ws('.', jurisdiction, rule, month, role, party), jurisdiction, rule, month, role,
           party, 'verifying', 'none', 1, 'person:o01', NULL, (month || '-28')::timestamptz, 1,
           sha256(''::bytea)
    FROM taken
    RETURNING id
)
SELECT count(*) FROM work;

-- found_days --
-- Count what was found of each case on which day.
INSERT INTO compliance.found_day (jurisdiction, day, month, rule, role, party, count)
SELECT jurisdiction, (detected_at AT TIME ZONE 'Asia/Shanghai')::date,
       to_char(occurred_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM'), rule, accused_role, accused,
       count(*)
FROM compliance.violation WHERE status <> 'withdrawn' AND NOT exempt
GROUP BY 1, 2, 3, 4, 5, 6;

-- change_days --
-- Count how many changes each day brought.
INSERT INTO compliance.change_day (jurisdiction, day, change, count)
SELECT jurisdiction, (at AT TIME ZONE 'Asia/Shanghai')::date, change, count(*)
FROM compliance.history h JOIN compliance.violation v ON v.id = h.violation
WHERE change IN ('opened', 'closed', 'withdrawn')
GROUP BY 1, 2, 3;
