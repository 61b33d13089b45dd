-- heard --
-- Give where an event stands on the bus, the first time first.
SELECT topic, partition, "offset", told, type, source, id, "time", recorded, data
FROM compliance.fact
WHERE hashtextextended(id, 0) = hashtextextended($2, 0) AND id = $2 AND source = $1
ORDER BY told, topic, partition, "offset"
LIMIT $3;

-- letters --
-- Give what could not be taken of an event, the last first.
SELECT topic, partition, "offset", told, field, reason, redriven_at
FROM compliance.dead_letter
WHERE hashtextextended(id, 0) = hashtextextended($2, 0) AND id = $2 AND source = $1
ORDER BY told DESC, topic, partition, "offset"
LIMIT $3;

-- record --
-- Give the record that an event was merged into, and whom it is of.
SELECT product, hospital, record FROM compliance.dossier
WHERE jurisdiction = $1 AND kind = $2 AND key = $3;

-- led_to --
-- Give the violations that rest on an event, among those of its order and the last ones of its
-- product, or of its hospital where it names no product.
WITH near AS (
    (SELECT id, rule, status, occurred_at, body FROM compliance.violation
     WHERE "order" = $2 AND jurisdiction = $1
     LIMIT $6)
    UNION ALL
    (SELECT id, rule, status, occurred_at, body FROM compliance.violation
     WHERE product = $3 AND jurisdiction = $1 AND "order" IS DISTINCT FROM $2
     ORDER BY occurred_at DESC, id DESC LIMIT $6)
    UNION ALL
    (SELECT id, rule, status, occurred_at, body FROM compliance.violation
     WHERE $3::text IS NULL AND hospital = $4 AND jurisdiction = $1 AND "order" IS DISTINCT FROM $2
     ORDER BY occurred_at DESC, id DESC LIMIT $6))
SELECT id, rule, status FROM near
WHERE body -> 'evidence' @> $5::jsonb
ORDER BY occurred_at DESC, id DESC
LIMIT $7;
