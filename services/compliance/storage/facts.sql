-- facts --
-- Give the next facts, the register's first.
SELECT topic, partition, "offset", told, type, source, id, "time", recorded, data
FROM compliance.fact
WHERE (topic, partition, "offset") > ($1, $2, $3)
ORDER BY topic, partition, "offset" LIMIT $4;
