-- alone --
-- Say whether this connection is the one that tells; it is until it ends.
SELECT pg_try_advisory_lock(hashtext('vbp-compliance-webhooks'));

-- hold --
-- Let nobody else make a subscription for somebody until this transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('vbp-webhook ' || $1, 0));

-- create --
-- Keep a subscription, where somebody has fewer than so many.
INSERT INTO compliance.webhook (id, subject, url, filter, secret, created_at)
SELECT $1, $2, $3, $4::jsonb, $5, $6
WHERE (SELECT count(*) FROM compliance.webhook WHERE subject = $2 AND ended_at IS NULL) < $7
RETURNING id;

-- of --
-- Give somebody's subscriptions that have not ended, the oldest first.
SELECT id, url, filter::text AS filter, created_at, paused_until
FROM compliance.webhook WHERE subject = $1 AND ended_at IS NULL ORDER BY created_at, id;

-- live --
-- Give all subscriptions that have not ended.
SELECT id, subject, filter::text AS filter, created_at FROM compliance.webhook WHERE ended_at IS NULL;

-- end_one --
-- End a subscription of somebody; what waits is not told any more.
WITH ended AS (
    UPDATE compliance.webhook SET ended_at = $3 WHERE id = $1 AND subject = $2 AND ended_at IS NULL RETURNING id
), dropped AS (
    UPDATE compliance.webhook_delivery SET due_at = NULL, problem = 'the subscription ended'
    WHERE webhook IN (SELECT id FROM ended) AND due_at IS NOT NULL
)
SELECT id FROM ended;

-- renew --
-- Sign with another secret from now on, and for a while with the one of before as well.
UPDATE compliance.webhook SET former_secret = secret, former_until = $4, secret = $3
WHERE id = $1 AND subject = $2 AND ended_at IS NULL RETURNING id;

-- queue --
-- Have changes told, each once.
INSERT INTO compliance.webhook_delivery (webhook, message, body, created_at, due_at)
SELECT w.id, told.message, told.body, $4, $4
FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS told (webhook, message, body)
JOIN compliance.webhook w ON w.id = told.webhook AND w.ended_at IS NULL
ON CONFLICT (webhook, message) DO NOTHING;

-- places --
-- Give how far the topic was read.
SELECT partition, next_offset FROM compliance.webhook_place;

-- forget_places --
-- Forget how far it was read, where nobody wants to be told.
DELETE FROM compliance.webhook_place;

-- move --
-- Note how far the topic was read.
INSERT INTO compliance.webhook_place (partition, next_offset)
SELECT * FROM unnest($1::integer[], $2::bigint[])
ON CONFLICT (partition) DO UPDATE SET next_offset = excluded.next_offset;

-- due --
-- Give what is to be tried now, the longest due first, with where and by which secrets.
SELECT d.id, d.webhook, d.message, d.body, d.attempts, w.url, w.secret, w.subject,
       CASE WHEN w.former_until > $1 THEN w.former_secret END AS former_secret
FROM compliance.webhook_delivery d JOIN compliance.webhook w ON w.id = d.webhook
WHERE d.due_at <= $1 AND (w.paused_until IS NULL OR w.paused_until <= $1)
ORDER BY d.due_at, d.id LIMIT $2;

-- note --
-- Note what became of tries; a due instant where they are to be tried again.
UPDATE compliance.webhook_delivery d
SET attempts = d.attempts + 1, last_at = $1, status = tried.status, problem = tried.problem,
    due_at = tried.due_at,
    delivered_at = CASE WHEN tried.problem IS NULL THEN $1 ELSE d.delivered_at END
FROM unnest($2::bigint[], $3::smallint[], $4::text[], $5::timestamptz[])
    AS tried (id, status, problem, due_at)
WHERE d.id = tried.id;

-- pause --
-- Try nothing of some subscriptions before an instant; absent: try at once.
UPDATE compliance.webhook w SET paused_until = told.until
FROM unnest($1::uuid[], $2::timestamptz[]) AS told (id, until)
WHERE w.id = told.id AND w.paused_until IS DISTINCT FROM told.until;

-- log --
-- Give what became of changes, the last first, below a number.
SELECT d.id, d.message, d.created_at, d.attempts, d.last_at, d.status, d.problem, d.due_at,
       d.delivered_at
FROM compliance.webhook_delivery d JOIN compliance.webhook w ON w.id = d.webhook
WHERE w.id = $1 AND w.subject = $2 AND d.id < $3
ORDER BY d.id DESC LIMIT $4;

-- belongs --
-- Say whether a subscription is a subject's, ended or not.
SELECT true FROM compliance.webhook WHERE id = $1 AND subject = $2;

-- again --
-- Have one told again, from the first try on.
UPDATE compliance.webhook_delivery d SET due_at = $4, attempts = 0, problem = NULL
FROM compliance.webhook w
WHERE w.id = d.webhook AND w.id = $1 AND w.subject = $2 AND d.id = $3 AND w.ended_at IS NULL
RETURNING d.id;

-- sweep --
-- Forget some of what was settled long ago; gives how many.
WITH old AS (
    SELECT id FROM compliance.webhook_delivery WHERE due_at IS NULL AND created_at < $1
    ORDER BY created_at LIMIT $2
)
DELETE FROM compliance.webhook_delivery d USING old WHERE d.id = old.id RETURNING 1;
