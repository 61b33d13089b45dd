-- Tellings that do not agree with the one that holds: they change no judgement, and somebody is wrong.
SET LOCAL search_path = compliance;

CREATE TABLE contradiction (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    noticed_at timestamptz NOT NULL DEFAULT now(),
    jurisdiction text COLLATE "C" NOT NULL,
    "order" text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    thing text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    holds_source text COLLATE "C" NOT NULL,
    holds_id text COLLATE "C" NOT NULL,
    contents bytea NOT NULL
);
CREATE INDEX contradiction_of ON contradiction (jurisdiction, "order");

-- A gauge, kept in step with the rows.
CREATE TABLE contradiction_count (
    jurisdiction text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (jurisdiction, kind)
) WITH (fillfactor = 50);
