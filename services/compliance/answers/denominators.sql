-- areas --
-- Give the areas of a jurisdiction in which hospitals take part.
SELECT area FROM compliance.enrolled_area WHERE jurisdiction = $1 ORDER BY area;

-- judged --
-- Give of how many things rules said something, and could not, in some months and of what lasts.
SELECT area, rule, judged, sum(count)::bigint AS count
FROM compliance.judged_count, unnest(string_to_array(rules, ' ')) AS rule
WHERE jurisdiction = $1 AND (month = '' OR month BETWEEN $2 AND $3) AND /* own */ true
GROUP BY 1, 2, 3
HAVING sum(count) <> 0;

-- open_before --
-- Count what stands open of things that some rules judged before a month, each once: they are not
-- among those of the months since.
SELECT area, rule, true AS judged, sum(count)::bigint AS count
FROM compliance.accused_count
WHERE jurisdiction = $1 AND status = 'open' AND month < $2 AND rule = ANY ($3::text[])
  AND /* own */ true
GROUP BY 1, 2
HAVING sum(count) <> 0;

-- open --
-- Count what stands open.
SELECT area, rule, severity, sum(count)::bigint AS count
FROM compliance.open_count
WHERE jurisdiction = $1 AND (NOT exempt OR $2)
GROUP BY 1, 2, 3
HAVING sum(count) <> 0;

-- open_accused --
-- Count what stands open by the counts that say who is accused: PostgreSQL leaves out what whoever
-- asks may not see.
SELECT area, rule, severity, sum(count)::bigint AS count
FROM compliance.accused_count
WHERE jurisdiction = $1 AND status = 'open' AND (NOT exempt OR $2) AND /* own */ true
GROUP BY 1, 2, 3
HAVING sum(count) <> 0;

-- occurred --
-- Count what occurred in some months and was not withdrawn.
SELECT area, rule, severity, sum(count)::bigint AS count
FROM compliance.accused_count
WHERE jurisdiction = $1 AND (NOT exempt OR $2) AND month BETWEEN $3 AND $4 AND /* own */ true
GROUP BY 1, 2, 3
HAVING sum(count) <> 0;

-- parties --
-- Give who is accused of most of what stands open, and of how many things anybody could be: those
-- with a code that begins as asked, so many.
WITH found AS (
    SELECT role, party, sum(count) FILTER (WHERE status = 'open')::bigint AS open,
           sum(count) FILTER (WHERE status = 'open' AND severity = 'breach')::bigint AS breaches,
           sum(count) FILTER (WHERE month BETWEEN $4 AND $5)::bigint AS occurred
    FROM compliance.accused_count
    WHERE jurisdiction = $1 AND ($2::text IS NULL OR role = $2) AND NOT exempt AND party <> ''
      AND starts_with(party, $3) AND (status = 'open' OR month BETWEEN $4 AND $5)
      AND /* own */ true
    GROUP BY 1, 2
), weighed AS (
    SELECT role, party, sum(count)::bigint AS judged
    FROM compliance.judged_count, unnest(string_to_array(rules, ' ')) AS rule
    WHERE jurisdiction = $1 AND ($2::text IS NULL OR role = $2) AND judged AND party <> ''
      AND starts_with(party, $3) AND (month = '' OR month BETWEEN $4 AND $5) AND /* own */ true
    GROUP BY 1, 2
)
SELECT role, party, coalesce(open, 0) AS open, coalesce(breaches, 0) AS breaches,
       coalesce(occurred, 0) AS occurred, coalesce(judged, 0) AS judged
FROM found FULL JOIN weighed USING (role, party)
WHERE coalesce(open, 0) <> 0 OR coalesce(occurred, 0) <> 0 OR coalesce(judged, 0) <> 0
ORDER BY open DESC NULLS LAST, occurred DESC NULLS LAST, role, party
LIMIT $6;

-- judged_of --
-- Give of how many things of a party rules said something, and could not, by month.
SELECT month, rule, judged, sum(count)::bigint AS count
FROM compliance.judged_count, unnest(string_to_array(rules, ' ')) AS rule
WHERE jurisdiction = $1 AND role = $2 AND party = $3 AND (month = '' OR month BETWEEN $4 AND $5)
GROUP BY 1, 2, 3
HAVING sum(count) <> 0;

-- ever --
-- Say whether anything was ever found or judged of a party.
SELECT WHERE EXISTS (SELECT FROM compliance.accused_count
                     WHERE (jurisdiction, role, party) = ($1, $2, $3) AND count > 0)
          OR EXISTS (SELECT FROM compliance.judged_count
                     WHERE (jurisdiction, role, party) = ($1, $2, $3) AND count > 0);

-- accused_of --
-- Count what a party is accused of by the month in which it occurred.
SELECT month, rule, severity, sum(count)::bigint AS count,
       (sum(count) FILTER (WHERE status = 'open'))::bigint AS open
FROM compliance.accused_count
WHERE jurisdiction = $1 AND role = $2 AND party = $3 AND month BETWEEN $4 AND $5 AND NOT exempt
GROUP BY 1, 2, 3
HAVING sum(count) <> 0;
