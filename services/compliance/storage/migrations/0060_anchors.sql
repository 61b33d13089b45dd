-- The ends of chains as they were signed, so that a chain that is written anew, cut or taken away
-- shows: `line` is the signed anchor as it is told outside, its leaves are the chains that had
-- grown since the one before.
CREATE TABLE compliance.anchor (
    number integer PRIMARY KEY,
    line bytea NOT NULL
);

CREATE TABLE compliance.anchored (
    violation uuid NOT NULL,
    seq integer NOT NULL,
    head bytea NOT NULL,
    anchor integer NOT NULL,
    PRIMARY KEY (violation, seq)
);
CREATE INDEX anchored_by ON compliance.anchored (anchor, violation, seq);

CREATE TRIGGER anchor_append_only BEFORE UPDATE OR DELETE ON compliance.anchor
    FOR EACH ROW EXECUTE FUNCTION compliance.refuse_change();
CREATE TRIGGER anchor_kept_whole BEFORE TRUNCATE ON compliance.anchor
    FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
CREATE TRIGGER anchored_append_only BEFORE UPDATE OR DELETE ON compliance.anchored
    FOR EACH ROW EXECUTE FUNCTION compliance.refuse_change();
CREATE TRIGGER anchored_kept_whole BEFORE TRUNCATE ON compliance.anchored
    FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
