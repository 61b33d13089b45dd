-- What coverage is told from: the agreements of the hospitals of an area, and the register and the
-- appointments for those who see all parties of a jurisdiction.
SET LOCAL search_path = compliance;

CREATE INDEX agreement_of ON agreement (jurisdiction, hospital);

DO $$
DECLARE
    told text;
BEGIN
    FOREACH told IN ARRAY ARRAY['reference', 'agreement'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', told);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', told);
        EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', told);
        EXECUTE format('CREATE POLICY tenant ON %I USING (sees_place(jurisdiction)'
                       ' AND sees_everybody()) WITH CHECK (false)', told);
    END LOOP;
END $$;

-- Workers write records by COPY, which PostgreSQL refuses where policies bind the owner of a table
-- too: who reads by the role sees the records of this kind alone, through a view.
CREATE VIEW appointments WITH (security_barrier) AS
SELECT jurisdiction, key AS product, record
FROM dossier
WHERE kind = 'appointments'
  AND (current_user <> 'vbp_reader' OR sees_place(jurisdiction) AND sees_everybody());

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'vbp_reader') THEN
        GRANT SELECT ON reference, agreement, appointments TO vbp_reader;
    END IF;
END $$;
