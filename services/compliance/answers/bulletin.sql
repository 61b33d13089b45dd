-- violations --
-- Count the violations that occurred in a span of time, rule by rule, by how they stand.
SELECT rule,
       count(*) AS found,
       count(*) FILTER (WHERE severity = 'breach' AND NOT exempt) AS breaches,
       count(*) FILTER (WHERE status = 'open') AS open,
       count(*) FILTER (WHERE status = 'closed') AS closed,
       count(*) FILTER (WHERE status = 'withdrawn') AS withdrawn,
       count(*) FILTER (WHERE exempt) AS exempt
FROM compliance.violation
WHERE jurisdiction = $1 AND occurred_at >= $2 AND occurred_at < $3
GROUP BY rule;

-- shortages --
-- Read the shortage reports of a span of time; the fourth input is supply, the least told of all.
SELECT convert_from(data, 'UTF8')::jsonb AS said, "time", source, id
FROM compliance.fact
WHERE topic = $1 AND type = 'vbp.shortage.reported.v1' AND "time" >= $2 AND "time" < $3
ORDER BY "time", id
LIMIT 1000;

-- quality --
-- Say what is known to be wrong with what was told.
SELECT (SELECT count(*) FROM compliance.dead_letter WHERE told >= $2 AND told < $3) AS letters,
       (SELECT coalesce(sum(count), 0) FROM compliance.contradiction_count
        WHERE jurisdiction = $1) AS contradictions,
       (SELECT coalesce(sum(count), 0) FROM compliance.unjudged_count WHERE jurisdiction = $1)
           AS unjudged,
       (SELECT count(*) FROM compliance.loss WHERE acknowledged_at IS NULL) AS losses;

-- heard --
-- Say until when all was heard, what waits to be read, and what was due by an instant to be judged.
SELECT min(heard_until) AS until,
       coalesce(sum(greatest(end_offset - next_offset, 0)), 0)::bigint AS waiting,
       (SELECT count(*) FROM (SELECT FROM compliance.touch LIMIT 10000) AS t)
       + (SELECT count(*) FROM (SELECT FROM compliance.look_again
                                WHERE look_at < $1 LIMIT 10000) AS l)
       + (SELECT count(*) FROM (SELECT FROM compliance.look_again
                                WHERE hear_at <= $1 ORDER BY kind, hear_at LIMIT 10000) AS h) AS unjudged
FROM compliance.position;

-- judged --
-- Say whether anything of a month was judged.
SELECT EXISTS (SELECT FROM compliance.judged_count
               WHERE jurisdiction = $1 AND month = $2 AND count > 0) AS judged;

-- issued --
-- Read a bulletin as it was issued.
SELECT issued_at, issued_by, body FROM compliance.bulletin WHERE jurisdiction = $1 AND month = $2;

-- list_issued --
-- List the bulletins of some jurisdictions that were issued.
SELECT jurisdiction, month, issued_at, issued_by
FROM compliance.bulletin
WHERE jurisdiction = ANY ($1::text[])
ORDER BY month DESC, jurisdiction
LIMIT 1000;

-- issue --
-- Keep a bulletin as it is told; one that was issued stays as it was.
INSERT INTO compliance.bulletin (jurisdiction, month, issued_at, issued_by, body)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;
