-- known --
-- Say whether there is a violation.
SELECT EXISTS (SELECT FROM compliance.violation WHERE id = $1);

-- history --
-- Give the lines of a violation's history from one on, as they were hashed. To a party words that
-- are not for it are as if they had been taken away.
SELECT h.seq, h.at, h.actor, h.change, h.line, h.hash, r.text AS words, r.internal,
       r.erased_at IS NOT NULL OR r.text IS NULL AND current_user = 'vbp_reader'
                                  AND NOT compliance.sees_everybody() AS erased
FROM compliance.history h LEFT JOIN compliance.remark r USING (violation, seq)
WHERE violation = $1 AND seq >= $2
ORDER BY seq;

-- told --
-- Give a line that tells of a violation: that of a number, or the last one at an instant, or ever.
SELECT seq, at, actor, change, line, hash
FROM compliance.history
WHERE violation = $1 AND actor = 'machine' AND change <> 'withdrawn' AND ($2::int IS NULL OR seq = $2)
  AND ($3::timestamptz IS NULL OR at <= $3)
ORDER BY seq DESC
LIMIT 1;

-- facts --
-- Give the events that stand at some places of the bus, of a violation that who asks may see.
SELECT topic, partition, "offset", told, type, source, id, "time", recorded, data
FROM compliance.facts_of($1, $2, $3, $4);
