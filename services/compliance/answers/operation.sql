-- partitions --
-- Say how far each partition was read and heard, and by whom.
SELECT topic, partition, base, next_offset, end_offset, greatest(end_offset - next_offset, 0) AS lag,
       heard_until, owner, asked_at < now() - interval '30 seconds' AS unread,
       next_offset >= stable_offset AND stable_offset < end_offset AS waits
FROM compliance.position
ORDER BY topic, partition;

-- losses --
-- Give what was lost and nobody has acknowledged, the newest first.
SELECT id, topic, partition, cause, first_offset, next_offset, noticed_at
FROM compliance.loss
WHERE acknowledged_at IS NULL
ORDER BY id DESC LIMIT $1;

-- unheard --
-- Count what keeps the clock standing.
SELECT
    (SELECT count(*) FROM compliance.loss WHERE acknowledged_at IS NULL) AS losses,
    count(*) FILTER (WHERE asked_at < now() - interval '30 seconds') AS unread,
    count(*) FILTER (WHERE next_offset >= stable_offset AND stable_offset < end_offset) AS waiting
FROM compliance.position;

-- heard --
-- Say until when everything has been heard, and how long ago that is.
SELECT min(heard_until) AS heard_until,
       extract(epoch FROM now() - min(heard_until))::float8 AS age
FROM compliance.position;

-- open --
-- Give the gauge of open violations; areas in which no hospital takes part count as one.
SELECT jurisdiction, g.rule, g.severity,
       CASE WHEN area = '' OR e.jurisdiction IS NOT NULL THEN area ELSE 'other' END AS area,
       g.exempt, sum(g.count)::bigint AS count
FROM compliance.open_count g LEFT JOIN compliance.enrolled_area e USING (jurisdiction, area)
WHERE g.count <> 0
GROUP BY 1, 2, 3, 4, 5
HAVING sum(g.count) <> 0;

-- found --
-- Give how many violations were ever found.
SELECT jurisdiction, rule, severity, area, count FROM compliance.found_count;

-- ages --
-- Count what stands open by its age in days, in stretches that end with the days given.
SELECT jurisdiction, rule, severity,
       width_bucket(floor(extract(epoch FROM now() - day) / 86400)::int, $1::int[]) AS stretch,
       sum(count)::bigint AS count
FROM compliance.open_day
WHERE count <> 0
GROUP BY 1, 2, 3, 4;

-- parties --
-- Give who is named in most of what stands open, so many of each role.
SELECT jurisdiction, role, party, count
FROM (SELECT *, row_number() OVER (PARTITION BY role ORDER BY count DESC, jurisdiction, party) AS place
      FROM compliance.open_party WHERE count > 0) AS placed
WHERE place <= $1;

-- unjudged --
-- Give the gauge of records that a rule cannot judge, by what is missing.
SELECT jurisdiction, rule, missing, count FROM compliance.unjudged_count
WHERE count <> 0
ORDER BY jurisdiction, rule, missing;

-- contradiction_counts --
-- Give the gauge of events that contradict others.
SELECT jurisdiction, kind, count FROM compliance.contradiction_count
WHERE count <> 0
ORDER BY jurisdiction, kind;

-- last_contradictions --
-- Give the events that were last seen to contradict others.
SELECT noticed_at, jurisdiction, "order", kind, thing, source, id, holds_source, holds_id
FROM compliance.contradiction
ORDER BY number DESC
LIMIT $1;

-- last_letters --
-- Give the last dead letters, without what they held.
SELECT topic, partition, "offset", told, field, reason
FROM compliance.dead_letter
ORDER BY told DESC
LIMIT $1;

-- quarantined --
-- Count the records that were set aside, but never more than a limit.
SELECT count(*) AS count FROM (SELECT FROM compliance.quarantine LIMIT $1) AS few;

-- first_quarantined --
-- Give the records that were set aside longest ago.
SELECT jurisdiction, kind, key, remedy, error, version, since
FROM compliance.quarantine
ORDER BY since, jurisdiction, kind, key
LIMIT $1;

-- letter_counts --
-- Count dead letters by topic, but never more than a limit: the count must stay cheap.
SELECT topic, count(*) AS count
FROM (SELECT topic FROM compliance.dead_letter LIMIT $1) AS few
GROUP BY topic
ORDER BY topic;

-- waiting --
-- Count what waits to be judged again or told, never more than a limit each, and how long it waits.
-- What waits to be heard is asked for in the order of its index, which is read kind by kind.
SELECT
    (SELECT count(*) FROM (SELECT FROM compliance.touch LIMIT $1) AS t) AS touches,
    (SELECT count(*) FROM (SELECT FROM compliance.look_again
                           WHERE look_at < now() LIMIT $1) AS l) AS due_by_clock,
    (SELECT count(*) FROM (SELECT FROM compliance.look_again
                           WHERE hear_at <= (SELECT min(heard_until) FROM compliance.position)
                           ORDER BY kind, hear_at LIMIT $1) AS h) AS due_by_hearing,
    (SELECT count(*) FROM (SELECT FROM compliance.outbox LIMIT $1) AS o) AS untold,
    coalesce((SELECT extract(epoch FROM now() - look_at) FROM compliance.look_again
              WHERE look_at > 'epoch' AND look_at < now()
              ORDER BY look_at LIMIT 1), 0)::float8 AS oldest_due,
    coalesce((SELECT extract(epoch FROM now() - h.at)
              FROM (SELECT violation, seq FROM compliance.outbox ORDER BY id LIMIT 1) AS o
              JOIN compliance.history h USING (violation, seq)), 0)::float8 AS oldest_untold;
