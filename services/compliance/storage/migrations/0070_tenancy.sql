-- Who sees which rows. The owner of the tables (workers, services for those who see everything)
-- sees all. Whoever else reads, by the role `vbp_reader`, sees what `vbp.places` and `vbp.parties` say
-- for its session: `*` is all, else an array of jurisdictions, and of parties as kind:code. Where they
-- are not set, nothing.
SET LOCAL search_path = compliance;

CREATE FUNCTION sees_place(place text) RETURNS boolean LANGUAGE sql STABLE
RETURN CASE current_setting('vbp.places', true) WHEN '*' THEN true
    ELSE place = ANY (coalesce(nullif(current_setting('vbp.places', true), ''), '{}')::text[]) END;

CREATE FUNCTION sees_party(kind text, code text) RETURNS boolean LANGUAGE sql STABLE
RETURN CASE current_setting('vbp.parties', true) WHEN '*' THEN true
    ELSE coalesce(kind || ':' || code = ANY
        (coalesce(nullif(current_setting('vbp.parties', true), ''), '{}')::text[]), false) END;

CREATE FUNCTION sees_everybody() RETURNS boolean LANGUAGE sql STABLE
RETURN coalesce(current_setting('vbp.parties', true), '') = '*';

-- No column of it is of a party: the violation says who may see them.
CREATE FUNCTION sees_violation(identity uuid) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM compliance.violation WHERE id = identity);

DO $$
DECLARE
    sees record;
BEGIN
    FOR sees IN VALUES
        ('violation', 'sees_place(jurisdiction) AND (sees_party(accused_role, accused)'
            ' OR sees_party(''hospital'', hospital) OR sees_party(''manufacturer'', manufacturer)'
            ' OR sees_party(''distributor'', distributor))'),
        ('history', 'sees_violation(violation)'),
        ('remark', 'sees_violation(violation) AND (NOT internal OR sees_everybody())'),
        ('judged_count', 'sees_place(jurisdiction) AND sees_party(role, party)'),
        ('accused_count', 'sees_place(jurisdiction) AND sees_party(role, party)'),
        ('open_party', 'sees_place(jurisdiction) AND sees_party(role, party)'),
        ('open_count', 'sees_place(jurisdiction) AND sees_everybody()'),
        ('open_day', 'sees_place(jurisdiction) AND sees_everybody()'),
        ('found_count', 'sees_place(jurisdiction) AND sees_everybody()'),
        ('review_count', 'sees_place(jurisdiction) AND sees_everybody()'),
        ('bulletin', 'sees_place(jurisdiction) AND sees_everybody()'),
        ('enrolled_area', 'sees_place(jurisdiction)'),
        ('name', 'sees_place(jurisdiction)')
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', sees.column1);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', sees.column1);
        EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)',
                       sees.column1);
        EXECUTE format('CREATE POLICY tenant ON %I USING (%s) WITH CHECK (%s)',
                       sees.column1, sees.column2, sees.column2);
    END LOOP;
END $$;

-- The role is one of the server and not of this database; another migration may just be making it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vbp_reader') THEN
        CREATE ROLE vbp_reader NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'vbp_reader: a superuser must make this role, see docs/security.md';
END $$;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'vbp_reader') THEN
        GRANT USAGE ON SCHEMA compliance TO vbp_reader;
        GRANT SELECT ON violation, history, remark, judged_count, accused_count, open_party,
            open_count, open_day, found_count, review_count, bulletin, enrolled_area, name, fact,
            position, public.vbp_migration TO vbp_reader;
    END IF;
END $$;
