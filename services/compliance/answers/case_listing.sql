-- list --
-- List cases of a jurisdiction ($1), the latest month first, by the counts of who is accused alone;
-- case_listing.py puts its predicates at the mark.
WITH counted AS (
    SELECT month, rule, role, party,
           coalesce(sum(count) FILTER (WHERE NOT exempt), 0)::bigint AS found,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND status = 'open'), 0)::bigint AS open,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND severity = 'breach'), 0)::bigint AS breach,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND severity = 'explain'), 0)::bigint AS explain,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND severity = 'warning'), 0)::bigint AS warning,
           coalesce(sum(count) FILTER (WHERE exempt), 0)::bigint AS exempt
    FROM compliance.accused_count a
    WHERE jurisdiction = $1 AND /* wanted */ true AND /* own */ true
    GROUP BY month, rule, role, party
    HAVING sum(count) > 0
    ORDER BY month DESC, rule DESC, role DESC, party DESC
    LIMIT $2
)
SELECT c.*, w.stage, w.outcome, w.round, w.assignee, w.due, w.closed_at,
       (SELECT count(*) FROM compliance.listed l
        WHERE l.case_id = w.id AND l.wrong_since IS NOT NULL AND l.corrected IS NULL) AS wrong
FROM counted c
LEFT JOIN compliance.case_work w
    ON (w.jurisdiction, w.month, w.rule, w.role, w.party) = ($1, c.month, c.rule, c.role, c.party)
ORDER BY month DESC, rule DESC, role DESC, party DESC;

-- worked --
-- List cases of a jurisdiction ($1) that people work on or have worked on; case_listing.py puts
-- its predicates at the mark.
WITH worked AS (
    SELECT * FROM compliance.case_work
    WHERE jurisdiction = $1 AND /* wanted */ true AND /* own */ true
    ORDER BY month DESC, rule DESC, role DESC, party DESC
    LIMIT $2
)
SELECT w.month, w.rule, w.role, w.party, c.*, w.stage, w.outcome, w.round, w.assignee, w.due,
       w.closed_at,
       (SELECT count(*) FROM compliance.listed l
        WHERE l.case_id = w.id AND l.wrong_since IS NOT NULL AND l.corrected IS NULL) AS wrong
FROM worked w
CROSS JOIN LATERAL (
    SELECT coalesce(sum(count) FILTER (WHERE NOT exempt), 0)::bigint AS found,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND status = 'open'), 0)::bigint AS open,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND severity = 'breach'), 0)::bigint AS breach,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND severity = 'explain'), 0)::bigint AS explain,
           coalesce(sum(count) FILTER (WHERE NOT exempt AND severity = 'warning'), 0)::bigint AS warning,
           coalesce(sum(count) FILTER (WHERE exempt), 0)::bigint AS exempt
    FROM compliance.accused_count a
    WHERE (a.jurisdiction, a.month, a.rule, a.role, a.party)
        = (w.jurisdiction, w.month, w.rule, w.role, w.party)
) AS c
ORDER BY month DESC, rule DESC, role DESC, party DESC;
