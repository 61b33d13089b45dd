-- held --
-- Give some violations as people see them, and hold those that nobody else writes just now, in the
-- order of their ids. Nobody waits here, so that a worker that holds some never waits for us in turn.
SELECT id, seq, jurisdiction, status, severity, manufacturer, distributor, hospital, accused_role,
       accused, (body ->> 'draft')::boolean AS draft, recorded_at, review, stale, seen_seq, reviewed_at,
       assignee, acknowledged_by, acknowledged_at, proposal, proposed_by, disputed_by
FROM compliance.violation
WHERE id = ANY($1::uuid[])
ORDER BY id
FOR UPDATE SKIP LOCKED;

-- seen --
-- Give a violation as people see it, once nobody else writes it.
SELECT id, seq, jurisdiction, status, severity, manufacturer, distributor, hospital, accused_role,
       accused, (body ->> 'draft')::boolean AS draft, recorded_at, review, stale, seen_seq, reviewed_at,
       assignee, acknowledged_by, acknowledged_at, proposal, proposed_by, disputed_by
FROM compliance.violation
WHERE id = $1
FOR UPDATE;

-- standing --
-- Give a violation as people see it, held for nobody.
SELECT id, seq, jurisdiction, status, severity, manufacturer, distributor, hospital, accused_role,
       accused, (body ->> 'draft')::boolean AS draft, recorded_at, review, stale, seen_seq, reviewed_at,
       assignee, acknowledged_by, acknowledged_at, proposal, proposed_by, disputed_by
FROM compliance.violation
WHERE id = $1;

-- since --
-- Give the lines of a violation after one, without what they told of it.
SELECT seq, at, actor, change
FROM compliance.history
WHERE violation = $1 AND seq > $2
ORDER BY seq;

-- known --
-- Give which of some violations there are.
SELECT id FROM compliance.violation WHERE id = ANY($1::uuid[]);

-- inherited --
-- Give what people hold of violations that others replace, beside each heir of which nobody holds
-- anything yet; of several that one replaces, what was held last.
SELECT DISTINCT ON (heir.id) heir.id AS heir, heir.seq AS heir_seq, t.at, old.id,
       old.review, old.stale, old.seen_seq, old.reviewed_at, old.assignee, old.acknowledged_by,
       old.acknowledged_at, old.proposal, old.proposed_by, old.disputed_by
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS t (heir, old, at)
JOIN compliance.violation heir ON heir.id = t.heir
JOIN compliance.violation old ON old.id = t.old
WHERE heir.review = 'new' AND heir.reviewed_at IS NULL AND heir.assignee IS NULL
  AND (old.review <> 'new' OR old.assignee IS NOT NULL)
ORDER BY heir.id, old.reviewed_at DESC NULLS LAST, old.id;

-- write --
-- Write reviews of violations that stand as they were seen, a line of history each in the same chain
-- as the machine's, and what is to be told of them. Gives the rows as they were and as they are now.
WITH said AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::text[], $6::bytea[], $7::text[],
        $8::boolean[], $9::int[], $10::timestamptz[], $11::text[], $12::text[], $13::timestamptz[],
        $14::text[], $15::text[], $16::text[], $17::text[], $18::boolean[]
    ) AS t (id, seq, at, actor, change, line, review, stale, seen_seq, reviewed_at, assignee,
            acknowledged_by, acknowledged_at, proposal, proposed_by, disputed_by, words, internal)
), changed AS (
    UPDATE compliance.violation v
    SET review = s.review, stale = s.stale, seen_seq = s.seen_seq, reviewed_at = s.reviewed_at,
        assignee = s.assignee, acknowledged_by = s.acknowledged_by,
        acknowledged_at = s.acknowledged_at, proposal = s.proposal, proposed_by = s.proposed_by,
        disputed_by = s.disputed_by, seq = v.seq + 1, head = sha256(v.head || s.line)
    FROM said s WHERE v.id = s.id AND v.seq = s.seq
    RETURNING v.id, v.seq, v.head, old AS was, new AS now
), lines AS (
    INSERT INTO compliance.history (violation, seq, at, actor, change, line, hash)
    SELECT c.id, c.seq, s.at, s.actor, s.change, s.line, c.head FROM changed c JOIN said s USING (id)
    RETURNING violation, seq
), kept AS (
    INSERT INTO compliance.remark (violation, seq, internal, text)
    SELECT c.id, c.seq, s.internal, s.words FROM changed c JOIN said s USING (id) WHERE s.words <> ''
), sent AS (
    INSERT INTO compliance.outbox (violation, seq)
    SELECT c.id, c.seq FROM changed c
    WHERE ((was).review, (was).stale) IS DISTINCT FROM ((now).review, (now).stale)
), moved AS (
    SELECT -1 AS sign, (was).* FROM changed UNION ALL SELECT 1, (now).* FROM changed
)
SELECT sign, id, seq, jurisdiction, rule, severity, area, status, exempt, review, stale
FROM moved;

-- count_reviews --
-- Keep in step how many stand in which state of review.
INSERT INTO compliance.review_count (jurisdiction, rule, severity, area, review, stale, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[],
                     $7::bigint[])
ON CONFLICT (jurisdiction, rule, severity, area, review, stale)
DO UPDATE SET count = review_count.count + excluded.count;
