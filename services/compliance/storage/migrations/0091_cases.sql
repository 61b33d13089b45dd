-- The work of people on cases: what one party is accused of under one rule in one month. Which
-- violations are a case's follows from each of them; what stands here is what people did.
SET LOCAL search_path = compliance;

CREATE TABLE case_work (
    id text COLLATE "C" PRIMARY KEY,
    jurisdiction text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    month text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    party text COLLATE "C" NOT NULL,
    stage text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    round integer NOT NULL,
    assignee text COLLATE "C",
    due date,
    closed_at timestamptz,
    moved_at timestamptz NOT NULL,
    seq integer NOT NULL,
    head bytea NOT NULL
);
CREATE INDEX case_work_stage ON case_work (jurisdiction, stage, month, rule, role, party);
CREATE UNIQUE INDEX case_work_of ON case_work (jurisdiction, month, rule, role, party);
CREATE INDEX case_work_due ON case_work (jurisdiction, due) WHERE due IS NOT NULL;

-- A chain of its own for each case, hashed as that of a violation is.
CREATE TABLE case_history (
    case_id text COLLATE "C" NOT NULL,
    seq integer NOT NULL,
    at timestamptz NOT NULL,
    actor text COLLATE "C" NOT NULL,
    change text COLLATE "C" NOT NULL,
    line bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (case_id, seq)
);
CREATE TRIGGER case_history_append_only BEFORE UPDATE OR DELETE ON case_history
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER case_history_kept_whole BEFORE TRUNCATE ON case_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE case_remark (
    case_id text COLLATE "C" NOT NULL,
    seq integer NOT NULL,
    internal boolean NOT NULL,
    text text NOT NULL,
    erased_at timestamptz,
    PRIMARY KEY (case_id, seq)
);

-- A letter is a draft until it is issued, and from then on the bytes that went out.
CREATE TABLE letter (
    case_id text COLLATE "C" NOT NULL,
    n integer NOT NULL,
    kind text COLLATE "C" NOT NULL,
    text text NOT NULL,
    drafted_by text COLLATE "C" NOT NULL,
    drafted_at timestamptz NOT NULL,
    number text,
    issued_by text COLLATE "C",
    issued_at timestamptz,
    due date,
    body bytea,
    sha256 bytea,
    signature bytea,
    signed_with text COLLATE "C",
    PRIMARY KEY (case_id, n),
    CHECK ((issued_at IS NULL) = (body IS NULL) AND (issued_at IS NULL) = (number IS NULL))
);
CREATE FUNCTION refuse_reissue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.issued_at IS NOT NULL THEN
        RAISE EXCEPTION 'a letter that was issued stays as it went out: % refused', TG_OP;
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER letter_frozen BEFORE UPDATE OR DELETE ON letter
    FOR EACH ROW EXECUTE FUNCTION refuse_reissue();

-- What issued letters list: the violation as of its line `seq`, held against whom. `wrong_since`
-- says since when the facts no longer bear it out, `corrected` by which letter that was told.
CREATE TABLE listed (
    violation uuid NOT NULL,
    case_id text COLLATE "C" NOT NULL,
    n integer NOT NULL,
    kind text COLLATE "C" NOT NULL,
    seq integer NOT NULL,
    role text COLLATE "C" NOT NULL,
    party text COLLATE "C" NOT NULL,
    wrong_since timestamptz,
    corrected integer,
    PRIMARY KEY (violation, case_id, n)
);
CREATE INDEX listed_in ON listed (case_id, n);
CREATE INDEX listed_wrong ON listed (case_id) WHERE wrong_since IS NOT NULL AND corrected IS NULL;

-- Whoever moves a violation says here of the letters that list it whether it still bears them out.
CREATE FUNCTION mark_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE compliance.listed l
    SET wrong_since = CASE WHEN now.status = 'withdrawn' OR now.exempt
                                OR (now.accused_role, now.accused) <> (l.role, l.party)
                           THEN now.recorded_at END,
        corrected = NULL
    FROM now
    WHERE l.violation = now.id AND l.kind <> 'correction'
      AND (l.wrong_since IS NULL) = (now.status = 'withdrawn' OR now.exempt
                                     OR (now.accused_role, now.accused) <> (l.role, l.party));
    RETURN NULL;
END $$;
CREATE TRIGGER violation_listed AFTER UPDATE ON violation REFERENCING NEW TABLE AS now
    FOR EACH STATEMENT EXECUTE FUNCTION mark_listed();

-- Cases by month, the newest first, are read from the counts of who is accused.
CREATE INDEX accused_count_case ON accused_count (jurisdiction, month, rule, role, party);

CREATE FUNCTION sees_case(name text) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM compliance.case_work WHERE id = name);

-- What the party of a case is told of the work on it: what was issued, and words that are for it.
DO $$
DECLARE
    sees record;
BEGIN
    FOR sees IN VALUES
        ('case_work', 'sees_place(jurisdiction) AND sees_party(role, party)'),
        ('case_history', 'sees_case(case_id)'),
        ('case_remark', 'sees_case(case_id) AND (NOT internal OR sees_everybody())'),
        ('letter', 'sees_case(case_id) AND (issued_at IS NOT NULL OR sees_everybody())'),
        ('listed', 'sees_case(case_id)')
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', sees.column1);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', sees.column1);
        EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)',
                       sees.column1);
        EXECUTE format('CREATE POLICY tenant ON %I USING (%s) WITH CHECK (false)',
                       sees.column1, sees.column2);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'vbp_reader') THEN
        GRANT SELECT ON case_work, case_history, case_remark, letter, listed TO vbp_reader;
    END IF;
END $$;
