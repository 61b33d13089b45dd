-- all --
-- Give all exemptions of a jurisdiction.
SELECT body FROM compliance.reference WHERE jurisdiction = $1 AND kind = 'exemption';

-- told --
-- Give the events that stand at some places of a topic.
SELECT partition, "offset", data FROM compliance.fact
JOIN unnest($2::smallint[], $3::bigint[]) AS wanted (partition, "offset") USING (partition, "offset")
WHERE topic = $1;
