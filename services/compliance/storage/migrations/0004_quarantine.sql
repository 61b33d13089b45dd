-- Records that were set aside because this program failed on them; what was last said of them
-- stands. remedy says what brings one back, version which program failed last.
CREATE TABLE compliance.quarantine (
    jurisdiction text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    remedy text NOT NULL CHECK (remedy IN ('judge', 'rebuild')),
    error text NOT NULL,
    traceback text NOT NULL,
    version text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (jurisdiction, kind, key)
);
CREATE INDEX quarantine_since ON compliance.quarantine (since);
