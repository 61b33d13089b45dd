-- Who asked what and when, for a year. Lines are added, and taken away once they are older; nothing
-- else moves them.
CREATE TABLE identity.access (
    at timestamptz NOT NULL,
    subject text COLLATE "C" NOT NULL,
    act text COLLATE "C" NOT NULL,
    method text COLLATE "C" NOT NULL,
    -- Without what the route does not say: the path, and what was asked for after it, cut short.
    path text NOT NULL,
    query text NOT NULL,
    status smallint NOT NULL
);
CREATE INDEX access_at ON identity.access (at);
CREATE INDEX access_subject ON identity.access (subject, at);

CREATE FUNCTION identity.keep_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '365 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'access is append-only, and kept for 365 days';
END $$;
CREATE TRIGGER access_kept BEFORE UPDATE OR DELETE ON identity.access
    FOR EACH ROW EXECUTE FUNCTION identity.keep_access();
CREATE TRIGGER access_whole BEFORE TRUNCATE ON identity.access
    FOR EACH STATEMENT EXECUTE FUNCTION identity.keep_access();
