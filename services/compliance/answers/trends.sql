-- growth --
-- Give the cases of which most was found since a day, so many, each with what stands of it, of how
-- many things, and its stage.
SELECT f.month, f.rule, f.role, f.party, f.news, c.found, c.open,
       coalesce(j.judged, 0)::bigint AS judged, coalesce(w.stage, 'found') AS stage, w.due
FROM (SELECT month, rule, role, party, sum(count)::bigint AS news
      FROM compliance.found_day
      WHERE jurisdiction = $1 AND day >= $2
      GROUP BY 1, 2, 3, 4
      HAVING sum(count) > 0
      ORDER BY news DESC, month DESC, rule, role, party
      LIMIT $3) AS f
CROSS JOIN LATERAL (
    SELECT coalesce(sum(count), 0)::bigint AS found,
           coalesce(sum(count) FILTER (WHERE status = 'open'), 0)::bigint AS open
    FROM compliance.accused_count a
    WHERE (a.jurisdiction, a.month, a.rule, a.role, a.party) = ($1, f.month, f.rule, f.role, f.party)
      AND NOT exempt
) AS c
CROSS JOIN LATERAL (
    SELECT sum(count) AS judged
    FROM compliance.judged_count j
    WHERE (j.jurisdiction, j.role, j.party) = ($1, f.role, f.party) AND j.month IN ('', f.month)
      AND judged AND f.rule = ANY (string_to_array(rules, ' '))
) AS j
LEFT JOIN compliance.case_work w
    ON (w.jurisdiction, w.month, w.rule, w.role, w.party) = ($1, f.month, f.rule, f.role, f.party)
ORDER BY news DESC, month DESC, rule, role, party;

-- flow --
-- Give how many changes each day since one has brought.
SELECT day, change, count FROM compliance.change_day WHERE jurisdiction = $1 AND day >= $2;

-- ages --
-- Count what stands open and is not exempt by the days since it occurred, in stretches that begin
-- with the days given. Days are few, and to ask which day it was takes longer than to add them up.
SELECT width_bucket($2::date - (day AT TIME ZONE 'Asia/Shanghai')::date, $3::int[]) AS stretch,
       sum(count)::bigint AS count
FROM (SELECT day, sum(count) AS count FROM compliance.open_day
      WHERE jurisdiction = $1 GROUP BY day) AS days
WHERE count <> 0
GROUP BY 1;
