-- Who sees which rows. The owner of the tables (the worker, the service for those who see everything)
-- sees all. Whoever else reads, by the role `vbp_reader`, sees what `vbp.places` and `vbp.parties` say
-- for its session: `*` is all, else an array of jurisdictions, and of parties as kind:code. Where they
-- are not set, nothing.
SET LOCAL search_path = delivery;

CREATE FUNCTION sees_place(place text) RETURNS boolean LANGUAGE sql STABLE
RETURN CASE current_setting('vbp.places', true) WHEN '*' THEN true
    ELSE place = ANY (coalesce(nullif(current_setting('vbp.places', true), ''), '{}')::text[]) END;

CREATE FUNCTION sees_party(kind text, code text) RETURNS boolean LANGUAGE sql STABLE
RETURN CASE current_setting('vbp.parties', true) WHEN '*' THEN true
    ELSE coalesce(kind || ':' || code = ANY
        (coalesce(nullif(current_setting('vbp.parties', true), ''), '{}')::text[]), false) END;

CREATE FUNCTION sees_everybody() RETURNS boolean LANGUAGE sql STABLE
RETURN coalesce(current_setting('vbp.parties', true), '') = '*';

-- Who made a product, as last told: the worker keeps it beside each product.
ALTER TABLE entry ADD COLUMN manufacturer text COLLATE "C";

-- Whose a line is: who placed the order, beside who delivers it and who made the product. The orders
-- kept are counted anew when the next worker begins.
ALTER TABLE kept ADD COLUMN distributor text COLLATE "C";
ALTER TABLE line ADD COLUMN hospital text COLLATE "C";
CREATE INDEX line_hospital ON line (jurisdiction, hospital, month);
UPDATE edition SET edition = '';

-- Sums over the lines of several parties are for overseers.
DO $$
DECLARE
    overseen text := 'sees_place(jurisdiction) AND sees_everybody()';
    sees record;
BEGIN
    FOR sees IN VALUES
        ('line', 'sees_place(jurisdiction) AND (sees_party(''hospital'', hospital)'
            ' OR sees_party(''distributor'', distributor) OR sees_party(''manufacturer'', distributor)'
            ' OR sees_party(''manufacturer'', manufacturer))'),
        ('kept', 'sees_place(jurisdiction) AND (sees_everybody() OR EXISTS (SELECT FROM delivery.line l'
            ' WHERE l.jurisdiction = kept.jurisdiction AND l."order" = kept."order"))'),
        ('card_of_distributor', overseen),
        ('card_of_product', overseen),
        ('card_of_product_in_area', overseen),
        ('answers_of_area', overseen),
        ('answers_of_distributor', overseen),
        ('answers_of_distributor_in_area', overseen),
        ('answers_of_product', overseen)
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', sees.column1);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', sees.column1);
        EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)',
                       sees.column1);
        EXECUTE format('CREATE POLICY tenant ON %I USING (%s) WITH CHECK (false)',
                       sees.column1, sees.column2);
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
        GRANT USAGE ON SCHEMA delivery TO vbp_reader;
        GRANT SELECT ON line, kept, card_of_distributor, card_of_product, card_of_product_in_area,
            answers_of_area, answers_of_distributor, answers_of_distributor_in_area, answers_of_product, position,
            public.vbp_migration TO vbp_reader;
    END IF;
END $$;
