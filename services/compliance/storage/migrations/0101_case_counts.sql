-- How many cases stand in which stage that people work on or have worked on; those that nobody has
-- taken up are not counted here.
SET LOCAL search_path = compliance;

CREATE TABLE case_count (
    jurisdiction text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    stage text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (jurisdiction, rule, stage)
);
INSERT INTO case_count
SELECT jurisdiction, rule, stage, count(*) FROM case_work WHERE stage <> 'found' GROUP BY 1, 2, 3;

-- In the order of their keys, as everybody takes them: no two who move cases wait for each other.
CREATE FUNCTION count_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO compliance.case_count AS c (jurisdiction, rule, stage, count)
    SELECT jurisdiction, rule, stage, sum(sign)
    FROM (VALUES (OLD.jurisdiction, OLD.rule, OLD.stage, -1),
                 (NEW.jurisdiction, NEW.rule, NEW.stage, 1)) AS moved (jurisdiction, rule, stage, sign)
    WHERE stage <> 'found'
    GROUP BY 1, 2, 3
    HAVING sum(sign) <> 0
    ORDER BY 1, 2, 3
    ON CONFLICT (jurisdiction, rule, stage) DO UPDATE SET count = c.count + excluded.count;
    RETURN NULL;
END $$;
CREATE TRIGGER case_counted AFTER UPDATE OF stage ON case_work
    FOR EACH ROW EXECUTE FUNCTION count_case();

ALTER TABLE case_count ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_count FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON case_count TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY tenant ON case_count
    USING (sees_place(jurisdiction) AND sees_everybody()) WITH CHECK (false);
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'vbp_reader') THEN
        GRANT SELECT ON case_count TO vbp_reader;
    END IF;
END $$;
