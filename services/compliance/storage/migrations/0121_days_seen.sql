-- Who sees the counts of days (0120_days.sql): a party what it is accused of, and nothing of all.
SET LOCAL search_path = compliance;

DO $$
DECLARE
    sees record;
BEGIN
    FOR sees IN VALUES
        ('found_day', 'sees_place(jurisdiction) AND sees_party(role, party)'),
        ('change_day', 'sees_place(jurisdiction) AND sees_everybody()')
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', sees.column1);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', sees.column1);
        EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)',
                       sees.column1);
        EXECUTE format('CREATE POLICY tenant ON %I USING (%s) WITH CHECK (false)',
                       sees.column1, sees.column2);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'vbp_reader') THEN
        GRANT SELECT ON found_day, change_day TO vbp_reader;
    END IF;
END $$;
