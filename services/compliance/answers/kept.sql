-- open --
-- Count what stands open by rule.
SELECT rule, sum(count)::bigint AS count
FROM compliance.open_count
WHERE ($1::text IS NULL OR jurisdiction = $1) AND ($2::text IS NULL OR area = $2)
  AND ($3::text[] IS NULL OR severity = ANY ($3)) AND ($4::boolean IS NULL OR exempt = $4)
GROUP BY 1;

-- standing --
-- Count what was not withdrawn and is not exempt by rule.
SELECT rule, sum(count)::bigint AS count
FROM compliance.review_count
WHERE ($1::text IS NULL OR jurisdiction = $1) AND ($2::text IS NULL OR area = $2)
  AND ($3::text[] IS NULL OR severity = ANY ($3)) AND ($4::text[] IS NULL OR review = ANY ($4))
  AND ($5::boolean IS NULL OR stale = $5)
GROUP BY 1;
