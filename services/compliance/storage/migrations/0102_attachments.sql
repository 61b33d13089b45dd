-- Files that somebody put beside a dispute, each kept once. The line of history has their hashes, so that
-- a file about a person can be taken away (erased_at says when) and the chain still holds.
SET LOCAL search_path = compliance;

CREATE TABLE attachment (
    sha256 bytea PRIMARY KEY,
    type text COLLATE "C" NOT NULL,
    size integer NOT NULL,
    bytes bytea NOT NULL,
    erased_at timestamptz,
    CHECK (erased_at IS NOT NULL OR size = octet_length(bytes))
);
-- Such files are compressed already.
ALTER TABLE attachment ALTER bytes SET STORAGE EXTERNAL;
CREATE FUNCTION refuse_other_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.erased_at IS NULL AND (NEW.erased_at IS NULL OR NEW.bytes <> '')) THEN
        RAISE EXCEPTION 'an attachment stays as it came, or is erased: % refused', TG_OP;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER attachment_frozen BEFORE UPDATE OR DELETE ON attachment
    FOR EACH ROW EXECUTE FUNCTION refuse_other_bytes();

CREATE TABLE attached (
    violation uuid NOT NULL,
    seq integer NOT NULL,
    n integer NOT NULL,
    sha256 bytea NOT NULL REFERENCES attachment,
    name text NOT NULL,
    PRIMARY KEY (violation, seq, n)
);
CREATE INDEX attached_bytes ON attached (sha256);
CREATE TRIGGER attached_append_only BEFORE UPDATE OR DELETE ON attached
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attached_kept_whole BEFORE TRUNCATE ON attached
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION sees_attachment(digest bytea) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM compliance.attached WHERE sha256 = digest);

-- A letter is written in one of two languages.
ALTER TABLE letter ADD language text COLLATE "C" NOT NULL DEFAULT 'zh';

DO $$
DECLARE
    sees record;
BEGIN
    FOR sees IN VALUES
        ('attached', 'sees_violation(violation)'), ('attachment', 'sees_attachment(sha256)')
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', sees.column1);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', sees.column1);
        EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)',
                       sees.column1);
        EXECUTE format('CREATE POLICY tenant ON %I USING (%s) WITH CHECK (false)',
                       sees.column1, sees.column2);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'vbp_reader') THEN
        GRANT SELECT ON attached, attachment TO vbp_reader;
    END IF;
END $$;
