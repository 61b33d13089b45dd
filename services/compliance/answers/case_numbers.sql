-- judged --
-- Give of how many things the rules of some cases judged their parties in their months, what lasts
-- among it.
SELECT c.rule, c.month, c.role, c.party, (
    SELECT coalesce(sum(count), 0)::bigint
    FROM compliance.judged_count j
    WHERE (j.jurisdiction, j.role, j.party) = ($1, c.role, c.party) AND j.month IN ('', c.month)
      AND judged AND c.rule = ANY (string_to_array(rules, ' '))
) AS judged
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS c (rule, month, role, party);
