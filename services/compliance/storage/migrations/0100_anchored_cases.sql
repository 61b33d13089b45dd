-- The ends of the chains of cases, as anchors took them up beside those of violations (0060_anchors.sql).
CREATE TABLE compliance.anchored_case (
    case_id text COLLATE "C" NOT NULL,
    seq integer NOT NULL,
    head bytea NOT NULL,
    anchor integer NOT NULL,
    PRIMARY KEY (case_id, seq)
);
CREATE INDEX anchored_case_by ON compliance.anchored_case (anchor, case_id, seq);

CREATE TRIGGER anchored_case_append_only BEFORE UPDATE OR DELETE ON compliance.anchored_case
    FOR EACH ROW EXECUTE FUNCTION compliance.refuse_change();
CREATE TRIGGER anchored_case_kept_whole BEFORE TRUNCATE ON compliance.anchored_case
    FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
