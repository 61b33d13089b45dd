-- Who sees which rows. The owner of the tables (the worker, the service for those who see everything)
-- sees all. Whoever else reads, by the role `vbp_reader`, sees what `vbp.places` and `vbp.parties` say
-- for its session: `*` is all, else an array of jurisdictions, and of parties as kind:code. Where they
-- are not set, nothing.
SET LOCAL search_path = orders;

CREATE FUNCTION sees_place(place text) RETURNS boolean LANGUAGE sql STABLE
RETURN CASE current_setting('vbp.places', true) WHEN '*' THEN true
    ELSE place = ANY (coalesce(nullif(current_setting('vbp.places', true), ''), '{}')::text[]) END;

CREATE FUNCTION sees_party(kind text, code text) RETURNS boolean LANGUAGE sql STABLE
RETURN CASE current_setting('vbp.parties', true) WHEN '*' THEN true
    ELSE coalesce(kind || ':' || code = ANY
        (coalesce(nullif(current_setting('vbp.parties', true), ''), '{}')::text[]), false) END;

CREATE FUNCTION sees_everybody() RETURNS boolean LANGUAGE sql STABLE
RETURN coalesce(current_setting('vbp.parties', true), '') = '*';

-- Who made a product, as last told, so that a manufacturer sees what is bought of its own. The worker
-- fills it in when it begins.
ALTER TABLE entry ADD COLUMN manufacturer text COLLATE "C";
CREATE INDEX entry_manufacturer ON entry (jurisdiction, manufacturer) WHERE manufacturer IS NOT NULL;

-- Who delivers an order, beside who placed it: of orders, and of what was bought. The orders kept are
-- counted anew when the next worker begins.
ALTER TABLE kept ADD COLUMN distributor text COLLATE "C";
DROP TABLE purchase;
TRUNCATE purchase_of_product, purchase_of_hospital, completion_of_product, completion_of_hospital,
    completion_to_date;
UPDATE kept SET given = '\x90';
UPDATE edition SET edition = '';
CREATE TABLE purchase (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    hospital text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    distributor text COLLATE "C" NOT NULL,
    orders bigint NOT NULL,
    ordered numeric NOT NULL,
    cancelled numeric NOT NULL,
    accepted numeric NOT NULL,
    returned numeric NOT NULL,
    ordered_amount numeric NOT NULL,
    accepted_amount numeric NOT NULL,
    returned_amount numeric NOT NULL,
    PRIMARY KEY (jurisdiction, month, hospital, area, product, distributor)
) WITH (fillfactor = 70);
CREATE INDEX purchase_hospital ON purchase (jurisdiction, hospital, product);
CREATE INDEX purchase_distributor ON purchase (jurisdiction, distributor, month);
CREATE INDEX purchase_made ON purchase (jurisdiction, product, month);

-- Orders and purchases are of who placed them, who delivers them, and who made the product; agreements
-- of the hospital and of who made the product. Sums over several parties are for overseers.
DO $$
DECLARE
    made text := '(jurisdiction, product) IN (SELECT e.jurisdiction, e.code FROM orders.entry e'
        ' WHERE e.kind = ''product'' AND sees_party(''manufacturer'', e.manufacturer))';
    dealt text := 'sees_place(jurisdiction) AND (sees_party(''hospital'', hospital)'
        ' OR sees_party(''distributor'', distributor) OR sees_party(''manufacturer'', distributor)'
        ' OR ' || made || ')';
    overseen text := 'sees_place(jurisdiction) AND sees_everybody()';
    sees record;
BEGIN
    FOR sees IN VALUES
        ('kept', dealt),
        ('purchase', dealt),
        ('payment', 'sees_place(jurisdiction) AND (sees_everybody() OR EXISTS (SELECT FROM orders.kept k'
            ' WHERE k.jurisdiction = payment.jurisdiction AND k."order" = payment."order"))'),
        ('agreement', 'sees_place(jurisdiction) AND (sees_party(''hospital'', hospital) OR ' || made || ')'),
        ('completion_to_date', 'sees_place(jurisdiction) AND (sees_everybody() OR EXISTS (SELECT'
            ' FROM orders.agreement a WHERE a.jurisdiction = completion_to_date.jurisdiction'
            ' AND a.agreement = completion_to_date.agreement))'),
        ('entry', 'sees_place(jurisdiction) AND sees_party(''manufacturer'', manufacturer)'),
        ('purchase_of_product', overseen),
        ('purchase_of_hospital', overseen),
        ('completion_of_product', overseen),
        ('completion_of_hospital', overseen)
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
        GRANT USAGE ON SCHEMA orders TO vbp_reader;
        GRANT SELECT ON kept, purchase, purchase_of_product, purchase_of_hospital, completion_of_product,
            completion_of_hospital, completion_to_date, payment, agreement, entry, position,
            public.vbp_migration TO vbp_reader;
    END IF;
END $$;
