-- How old what stands open is, and who is named in it: counts that are kept in step with the rows,
-- so that a scrape reads as many rows as there are days and parties with something open, and never
-- the violations. Exempt ones are left out. A day is its first instant in China, of the day on which
-- a violation occurred.
CREATE TABLE compliance.open_day (
    jurisdiction text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    severity text COLLATE "C" NOT NULL,
    day timestamptz NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (jurisdiction, rule, severity, day)
) WITH (fillfactor = 50);
CREATE TABLE compliance.open_party (
    jurisdiction text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL CHECK (role IN ('manufacturer', 'distributor', 'hospital')),
    party text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (jurisdiction, role, party)
) WITH (fillfactor = 50);

INSERT INTO compliance.open_day (jurisdiction, rule, severity, day, count)
SELECT jurisdiction, rule, severity, date_trunc('day', occurred_at, 'Asia/Shanghai'), count(*)
FROM compliance.violation
WHERE status = 'open' AND NOT exempt
GROUP BY 1, 2, 3, 4;

INSERT INTO compliance.open_party (jurisdiction, role, party, count)
SELECT jurisdiction, role, party, count(*)
FROM compliance.violation,
     LATERAL (VALUES ('manufacturer', manufacturer), ('distributor', distributor),
                     ('hospital', hospital)) AS named (role, party)
WHERE status = 'open' AND NOT exempt AND party IS NOT NULL
GROUP BY 1, 2, 3;
