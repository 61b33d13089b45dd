-- export --
-- Name what this transaction sees, so that other processes see just the same.
SELECT pg_export_snapshot();

-- sizes --
-- Say how many violations there are, about, and how many blocks the records fill.
SELECT greatest((SELECT reltuples::bigint FROM pg_class
                 WHERE oid = 'compliance.violation'::regclass), 0) AS violations,
       pg_relation_size('compliance.dossier') / current_setting('block_size')::bigint AS blocks;

-- violation_chunks --
-- Give where chunks of some weight begin among the violations of a range of ids.
SELECT DISTINCT ON (chunk) id
FROM (SELECT id, sum(pg_column_size(body)) OVER (ORDER BY id) / $3::bigint AS chunk
      FROM compliance.violation WHERE id BETWEEN $1 AND $2) AS weighed
ORDER BY chunk, id;

-- violations --
-- Give the violations from one id on to before another, whole, in order.
SELECT id, jurisdiction, rule, status, exempt, severity, product, area, hospital, manufacturer,
       distributor, "order", occurred_at, cured_at, detected_at, recorded_at, seq, head, supersedes,
       accused_role, accused, review, stale, seen_seq, reviewed_at, assignee, acknowledged_by,
       acknowledged_at, proposal, proposed_by, disputed_by, body
FROM compliance.violation
WHERE id >= $1 AND ($2::uuid IS NULL OR id < $2) AND id <= $3
ORDER BY id;

-- line_chunks --
-- Give where chunks of some weight begin among the lines of a range of violations.
SELECT DISTINCT ON (chunk) violation, seq
FROM (SELECT violation, seq,
             sum(octet_length(line)) OVER (ORDER BY violation, seq) / $3::bigint AS chunk
      FROM compliance.history WHERE violation BETWEEN $1 AND $2) AS weighed
ORDER BY chunk, violation, seq;

-- lines --
-- Give the lines of history from one on to before another, in the order in which they were hashed.
SELECT h.violation, h.seq, h.at, h.actor, h.change, h.line, h.hash, r.text AS words,
       r.internal, r.erased_at IS NOT NULL AS erased
FROM compliance.history h LEFT JOIN compliance.remark r USING (violation, seq)
WHERE (violation, seq) >= ($1, $2) AND ($3::uuid IS NULL OR (violation, seq) < ($3, $4))
  AND violation <= $5
ORDER BY violation, seq;

-- past --
-- Give what is kept of what was known earlier, behind a place, up to a violation, in order.
SELECT id AS violation, seq, known_from, known_until, jurisdiction, rule, status, exempt, severity,
       product, area, hospital, manufacturer, distributor, "order", occurred_at, detected_at,
       supersedes, accused_role, accused
FROM compliance.past
WHERE (id, seq) > ($1, $2) AND id <= $3
ORDER BY id, seq
LIMIT $4;

-- facts --
-- Give the events that stand at some places of the bus.
SELECT f.topic, f.partition, f."offset", f.told, f.type, f.source, f.id, f."time", f.recorded, f.data
FROM compliance.fact f
JOIN unnest($1::smallint[], $2::smallint[], $3::bigint[]) AS wanted (topic, partition, "offset")
  ON f.topic = wanted.topic AND f.partition = wanted.partition AND f."offset" = wanted."offset";

-- judgements --
-- Give what was last said of the records in some blocks of the table.
SELECT jurisdiction, kind, key, judgement
FROM compliance.dossier
WHERE ctid >= $1::tid AND ctid < $2::tid;

-- all_judgements --
-- Give what was last said of every record.
SELECT judgement FROM compliance.dossier;

-- all_standing --
-- Give every violation that stands.
SELECT id FROM compliance.violation WHERE status <> 'withdrawn' ORDER BY id;

-- standing --
-- Give those of some violations that stand.
SELECT id FROM compliance.violation WHERE id = ANY($1::uuid[]) AND status <> 'withdrawn';

-- open_counts --
-- Give the gauges of open violations that are not what the violations come to.
SELECT jurisdiction, rule, severity, area, exempt,
       coalesce(g.count, 0) AS held, coalesce(v.count, 0) AS told
FROM compliance.open_count g
FULL JOIN (SELECT jurisdiction, rule, severity, coalesce(area, '') AS area, exempt,
                  count(*) AS count
           FROM compliance.violation WHERE status = 'open' GROUP BY 1, 2, 3, 4, 5) AS v
    USING (jurisdiction, rule, severity, area, exempt)
WHERE coalesce(g.count, 0) <> coalesce(v.count, 0)
ORDER BY jurisdiction, rule, severity, area, exempt;

-- open_days --
-- Give the counts of open violations by day that are not what the violations come to.
SELECT jurisdiction, rule, severity, day,
       coalesce(g.count, 0) AS held, coalesce(v.count, 0) AS told
FROM compliance.open_day g
FULL JOIN (SELECT jurisdiction, rule, severity,
                  date_trunc('day', occurred_at, 'Asia/Shanghai') AS day, count(*) AS count
           FROM compliance.violation WHERE status = 'open' AND NOT exempt GROUP BY 1, 2, 3, 4) AS v
    USING (jurisdiction, rule, severity, day)
WHERE coalesce(g.count, 0) <> coalesce(v.count, 0)
ORDER BY jurisdiction, rule, severity, day;

-- open_parties --
-- Give the counts of open violations by party that are not what the violations come to.
SELECT jurisdiction, role, party, coalesce(g.count, 0) AS held, coalesce(v.count, 0) AS told
FROM compliance.open_party g
FULL JOIN (SELECT jurisdiction, role, party, count(*) AS count
           FROM compliance.violation,
                LATERAL (VALUES ('manufacturer', manufacturer), ('distributor', distributor),
                                ('hospital', hospital)) AS named (role, party)
           WHERE status = 'open' AND NOT exempt AND party IS NOT NULL GROUP BY 1, 2, 3) AS v
    USING (jurisdiction, role, party)
WHERE coalesce(g.count, 0) <> coalesce(v.count, 0)
ORDER BY jurisdiction, role, party;

-- found_days --
-- Give the counts of what was found by day and case that are not what the violations come to.
SELECT jurisdiction, day, month, rule, role, party,
       coalesce(g.count, 0) AS held, coalesce(v.count, 0) AS told
FROM compliance.found_day g
FULL JOIN (SELECT jurisdiction, (detected_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
                  to_char(occurred_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, rule,
                  accused_role AS role, accused AS party, count(*) AS count
           FROM compliance.violation WHERE status <> 'withdrawn' AND NOT exempt
           GROUP BY 1, 2, 3, 4, 5, 6) AS v
    USING (jurisdiction, day, month, rule, role, party)
WHERE coalesce(g.count, 0) <> coalesce(v.count, 0)
ORDER BY jurisdiction, day, month, rule, role, party;

-- change_days --
-- Give the counts of changes by day that are not what the lines of history come to.
SELECT jurisdiction, day, change, coalesce(g.count, 0) AS held, coalesce(v.count, 0) AS told
FROM compliance.change_day g
FULL JOIN (SELECT jurisdiction, (h.at AT TIME ZONE 'Asia/Shanghai')::date AS day, brought.change,
                  count(*) AS count
           FROM compliance.history h JOIN compliance.violation v ON v.id = h.violation
           CROSS JOIN (VALUES ('opened'), ('closed'), ('withdrawn')) AS brought (change)
           WHERE h.change = brought.change OR h.seq = 1 AND brought.change = 'opened'
           GROUP BY 1, 2, 3) AS v
    USING (jurisdiction, day, change)
WHERE coalesce(g.count, 0) <> coalesce(v.count, 0)
ORDER BY jurisdiction, day, change;

-- accused_counts --
-- Give the counts of who is accused of what that are not what the violations come to.
SELECT jurisdiction, role, party, month, area, rule, severity, status, exempt,
       coalesce(g.count, 0) AS held, coalesce(v.count, 0) AS told
FROM compliance.accused_count g
FULL JOIN (SELECT jurisdiction, accused_role AS role, accused AS party,
                  to_char(occurred_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month,
                  coalesce(area, '') AS area, rule, severity, status, exempt, count(*) AS count
           FROM compliance.violation WHERE status <> 'withdrawn'
           GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9) AS v
    USING (jurisdiction, role, party, month, area, rule, severity, status, exempt)
WHERE coalesce(g.count, 0) <> coalesce(v.count, 0)
ORDER BY jurisdiction, role, party, month, area, rule, severity, status, exempt;

-- review_counts --
-- Give the counts of reviews that are not what the violations come to.
SELECT jurisdiction, rule, severity, area, review, stale,
       coalesce(g.count, 0) AS held, coalesce(v.count, 0) AS told
FROM compliance.review_count g
FULL JOIN (SELECT jurisdiction, rule, severity, coalesce(area, '') AS area, review, stale,
                  count(*) AS count
           FROM compliance.violation WHERE status <> 'withdrawn' AND NOT exempt
           GROUP BY 1, 2, 3, 4, 5, 6) AS v
    USING (jurisdiction, rule, severity, area, review, stale)
WHERE coalesce(g.count, 0) <> coalesce(v.count, 0)
ORDER BY jurisdiction, rule, severity, area, review, stale;

-- judged_counts --
-- Give of how many things rules said something.
SELECT jurisdiction, role, party, month, area, rules, judged, count FROM compliance.judged_count;

-- unjudged_counts --
-- Give the gauges of unjudged records.
SELECT jurisdiction, rule, missing, count FROM compliance.unjudged_count;
