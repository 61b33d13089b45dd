-- What the compliance service remembers. Correctness rests on these tables, not on Kafka.
CREATE SCHEMA compliance;
SET LOCAL search_path = compliance;

-- Where we stand in each partition of the input topics, who owns it, and until when it was heard.
-- end_offset and asked_at are what the broker last said, for the lag.
CREATE TABLE position (
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 0,
    owner text,
    backend_pid integer,
    end_offset bigint NOT NULL DEFAULT 0,
    judged_at timestamptz NOT NULL DEFAULT 'epoch',
    heard_until timestamptz NOT NULL DEFAULT 'epoch',
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- Every valid event as it was heard; topic is its place in shared.domain.topics.INPUTS.
CREATE TABLE fact (
    topic smallint NOT NULL,
    partition smallint NOT NULL,
    "offset" bigint NOT NULL,
    told timestamptz NOT NULL,
    type text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    "time" timestamptz NOT NULL,
    recorded timestamptz,
    data bytea NOT NULL,
    PRIMARY KEY (topic, partition, "offset")
);

-- What could not be taken: raw bytes and headers unchanged, with the reason.
CREATE TABLE dead_letter (
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    told timestamptz NOT NULL,
    field text NOT NULL,
    reason text NOT NULL,
    key bytea,
    value bytea,
    headers bytea NOT NULL,
    sent_at timestamptz,
    PRIMARY KEY (topic, partition, "offset")
);
CREATE INDEX dead_letter_unsent ON dead_letter (told) WHERE sent_at IS NULL;

-- Reference data: products, hospitals and exemptions, each merged from all its tellings.
CREATE TABLE reference (
    jurisdiction text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('product', 'hospital', 'exemption')),
    code text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (jurisdiction, kind, code)
);

-- Agreements as last told; a later telling may move one to another hospital or product.
CREATE TABLE agreement (
    jurisdiction text COLLATE "C" NOT NULL,
    agreement text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    hospital text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (jurisdiction, agreement)
);
CREATE INDEX agreement_between ON agreement (jurisdiction, product, hospital);

-- Moves with every change of the register or of a policy file; a batch locks it FOR SHARE.
CREATE TABLE law (
    jurisdiction text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0,
    policies text NOT NULL DEFAULT ''
);

-- A record and what was last said of it (services/compliance/dossier.py); awaits is an agreement
-- that an order names and nobody has told, law the version of the law that it was judged under.
CREATE TABLE dossier (
    jurisdiction text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    product text COLLATE "C",
    hospital text COLLATE "C",
    area text COLLATE "C",
    awaits text COLLATE "C",
    version bigint NOT NULL,
    law bigint NOT NULL,
    record bytea NOT NULL,
    judgement bytea NOT NULL,
    PRIMARY KEY (jurisdiction, kind, key)
) WITH (fillfactor = 70);
CREATE INDEX dossier_awaits ON dossier (jurisdiction, awaits) WHERE awaits IS NOT NULL;
CREATE INDEX dossier_product ON dossier (jurisdiction, product, hospital);
CREATE INDEX dossier_hospital ON dossier (jurisdiction, hospital);

-- When to judge a record again without being told anything: look_at waits for the clock, hear_at
-- until everything to then has been heard.
CREATE TABLE look_again (
    jurisdiction text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    look_at timestamptz,
    hear_at timestamptz,
    PRIMARY KEY (jurisdiction, kind, key)
) WITH (fillfactor = 70);
CREATE INDEX look_again_look ON look_again (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX look_again_hear ON look_again (hear_at) WHERE hear_at IS NOT NULL;

-- A change of the register that records must be judged under; the sweep expands it bit by bit, to
-- the records that were judged under an earlier law. An absent product or hospital means all of
-- them; done_kind and done_key say how far it got.
CREATE TABLE touch (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    jurisdiction text COLLATE "C" NOT NULL,
    product text COLLATE "C",
    hospital text COLLATE "C",
    law bigint NOT NULL,
    done_kind text COLLATE "C" NOT NULL DEFAULT '',
    done_key text COLLATE "C" NOT NULL DEFAULT ''
);

-- Violations as last told; body is the violation as the API serves it.
CREATE TABLE violation (
    id uuid PRIMARY KEY,
    jurisdiction text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL CHECK (status IN ('open', 'closed', 'withdrawn')),
    exempt boolean NOT NULL,
    severity text COLLATE "C" NOT NULL,
    product text COLLATE "C",
    area text COLLATE "C",
    hospital text COLLATE "C",
    manufacturer text COLLATE "C",
    distributor text COLLATE "C",
    "order" text COLLATE "C",
    occurred_at timestamptz NOT NULL,
    cured_at timestamptz,
    detected_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    seq integer NOT NULL,
    head bytea NOT NULL,
    supersedes uuid[] NOT NULL DEFAULT '{}',
    body jsonb NOT NULL
);
-- Every filter of the list has an index in the order of the list; what follows `id` lets a second
-- filter be judged inside the index. What has no index of its own costs at worst a walk of
-- violation_when, which reads no rows.
CREATE INDEX violation_when ON violation (occurred_at, id, rule, severity, status, jurisdiction);
CREATE INDEX violation_rule ON violation
    (rule, occurred_at, id, severity, status, jurisdiction);
CREATE INDEX violation_status ON violation (status, occurred_at, id, rule, severity)
    WHERE status <> 'closed';
CREATE INDEX violation_exempt ON violation (occurred_at, id, rule, status) WHERE exempt;
CREATE INDEX violation_area ON violation (area, occurred_at, id, rule, status);
CREATE INDEX violation_product ON violation (product, occurred_at, id, rule, status);
CREATE INDEX violation_hospital ON violation (hospital, occurred_at, id, rule, status);
CREATE INDEX violation_manufacturer ON violation (manufacturer, occurred_at, id, rule, status);
CREATE INDEX violation_distributor ON violation (distributor, occurred_at, id, rule, status);
CREATE INDEX violation_order ON violation ("order");

-- Every change of a violation, by machine or person; each line's hash covers the one before.
CREATE TABLE history (
    violation uuid NOT NULL,
    seq integer NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    change text NOT NULL,
    line bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (violation, seq)
);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is append-only: % refused', TG_OP;
END $$;
CREATE TRIGGER history_append_only BEFORE UPDATE OR DELETE ON history
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER history_kept_whole BEFORE TRUNCATE ON history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What is still to be told on vbp.violations.v1; written with what it tells of.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    violation uuid NOT NULL,
    seq integer NOT NULL,
    claimed_at timestamptz
);

-- Gauges, kept in step with the rows so that nobody counts a million of them.
CREATE TABLE open_count (
    jurisdiction text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    severity text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    exempt boolean NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (jurisdiction, rule, severity, area, exempt)
) WITH (fillfactor = 50);
CREATE TABLE unjudged_count (
    jurisdiction text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    missing text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (jurisdiction, rule, missing)
) WITH (fillfactor = 50);
