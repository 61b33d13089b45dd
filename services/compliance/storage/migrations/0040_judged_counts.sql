-- Of how many things rules said something, and who is accused in what was found: no number without
-- "of how many". Both are kept in the batch's own transaction, in step with what records keep of
-- themselves, so that neither a restart nor a second worker doubles or loses one.
SET LOCAL search_path = compliance;

-- How many things some rules judged (or lacked a term for), by who would be accused. Rules that
-- judged the same things share a row: `rules` are their names, with blanks between. A month is that
-- of the things (YYYY-MM, China), empty for what lasts; a party or an area nobody knows is empty.
CREATE TABLE judged_count (
    jurisdiction text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    party text COLLATE "C" NOT NULL,
    month text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    rules text COLLATE "C" NOT NULL,
    judged boolean NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (jurisdiction, role, party, month, area, rules, judged)
) WITH (fillfactor = 50);
CREATE INDEX judged_count_month ON judged_count (jurisdiction, month);

-- How many violations were found and not withdrawn, by who is accused and the month (China) in which
-- they occurred.
CREATE TABLE accused_count (
    jurisdiction text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    party text COLLATE "C" NOT NULL,
    month text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    severity text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    exempt boolean NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (jurisdiction, role, party, month, area, rule, severity, status, exempt)
) WITH (fillfactor = 50);
CREATE INDEX accused_count_month ON accused_count (jurisdiction, month);

ALTER TABLE violation ADD accused_role text COLLATE "C", ADD accused text COLLATE "C";

-- Whom the rules of this version accuse: the first of these that a violation names. A manufacturer
-- that delivers its product itself is accused as what it is.
CREATE TEMP TABLE accuses (rule text COLLATE "C", roles text[]) ON COMMIT DROP;
INSERT INTO accuses VALUES
    ('agreement-missing', '{hospital}'),
    ('agreement-terms', '{hospital}'),
    ('beyond-volume-supply', '{manufacturer}'),
    ('coverage-gap', '{manufacturer}'),
    ('distributor-cap', '{manufacturer}'),
    ('late-delivery', '{distributor,manufacturer}'),
    ('late-onward-payment', '{hospital,distributor}'),
    ('late-response', '{distributor,manufacturer}'),
    ('late-settlement', '{hospital}'),
    ('listing-price', '{authority}'),
    ('non-selected-excess', '{hospital}'),
    ('non-selected-first', '{hospital}'),
    ('off-platform', '{hospital}'),
    ('payment-standard', '{authority}'),
    ('prepayment-return', '{hospital}'),
    ('prepayment-share', '{authority}'),
    ('prepayment-use', '{hospital}'),
    ('quality-rejection', '{manufacturer}'),
    ('remote-service', '{manufacturer}'),
    ('renewal-date', '{hospital,authority}'),
    ('reserve-below', '{manufacturer}'),
    ('selected-price', '{manufacturer}'),
    ('short-delivery', '{manufacturer}'),
    ('stock-report-missing', '{manufacturer}'),
    ('stop-notice-late', '{manufacturer}'),
    ('supply-refusal', '{manufacturer}'),
    ('unappointed-distributor', '{distributor}'),
    ('unreported-shortage', '{manufacturer}'),
    ('volume-pace', '{hospital}'),
    ('volume-shortfall', '{hospital}');

UPDATE violation v
SET accused_role = CASE WHEN found.role = 'distributor' AND found.party = v.manufacturer
                        THEN 'manufacturer' ELSE found.role END,
    accused = coalesce(found.party, '')
FROM (
    SELECT DISTINCT ON (n.id) n.id, named.role, named.party
    FROM violation n JOIN accuses USING (rule)
    CROSS JOIN LATERAL unnest(roles) WITH ORDINALITY AS wanted (role, place)
    CROSS JOIN LATERAL (
        SELECT wanted.role, CASE wanted.role WHEN 'manufacturer' THEN n.manufacturer
                                             WHEN 'distributor' THEN n.distributor
                                             WHEN 'hospital' THEN n.hospital END AS party
    ) AS named
    ORDER BY n.id, named.party IS NULL, wanted.place
) AS found
WHERE v.id = found.id;
UPDATE violation SET accused_role = 'authority', accused = '' WHERE accused IS NULL;
ALTER TABLE violation ALTER accused_role SET NOT NULL, ALTER accused SET NOT NULL;
CREATE INDEX violation_accused ON violation (accused_role, accused, occurred_at, id, rule, status);

INSERT INTO accused_count
SELECT jurisdiction, accused_role, accused,
       to_char(occurred_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM'), coalesce(area, ''), rule,
       severity, status, exempt, count(*)
FROM violation WHERE status <> 'withdrawn'
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;

-- How many were judged nobody has kept so far: everything is judged again, as under new policies.
UPDATE law SET policies = '';
