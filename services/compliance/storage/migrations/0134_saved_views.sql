-- Lists that somebody looks at again and again, by names of their own: nobody reads another's. Where
-- not all is seen, `vbp.subject` says for a session who reads.
SET LOCAL search_path = compliance;

CREATE TABLE saved_view (
    principal text COLLATE "C" NOT NULL CHECK (principal <> ''),
    name text COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    -- The path and query of a list of the console.
    url text COLLATE "C" NOT NULL CHECK (url ~ '^/(violations|cases)([?]|$)'),
    PRIMARY KEY (principal, name)
);

ALTER TABLE saved_view ENABLE ROW LEVEL SECURITY;
ALTER TABLE saved_view FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON saved_view TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY tenant ON saved_view
    USING (principal = current_setting('vbp.subject', true)) WITH CHECK (false);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'vbp_reader') THEN
        GRANT SELECT ON saved_view TO vbp_reader;
    END IF;
END $$;
