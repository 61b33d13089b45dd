-- called --
-- Tell how codes of jurisdictions are called; a distributor may be a maker that delivers itself.
SELECT asked.jurisdiction, asked.party, asked.code, n.name
FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (jurisdiction, party, code)
CROSS JOIN LATERAL (
    SELECT told.name FROM compliance.name AS told
    WHERE told.jurisdiction = asked.jurisdiction AND told.code = asked.code
      AND (told.kind = asked.party
           OR (asked.party = 'distributor' AND told.kind = 'manufacturer'))
    ORDER BY told.kind = asked.party DESC LIMIT 1
) AS n;
