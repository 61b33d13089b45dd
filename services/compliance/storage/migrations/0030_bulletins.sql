-- Bulletins as issued: what was told of a month is kept as it was told.
CREATE TABLE compliance.bulletin (
    jurisdiction text COLLATE "C" NOT NULL,
    month text COLLATE "C" NOT NULL,
    issued_at timestamptz NOT NULL,
    issued_by text NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (jurisdiction, month)
);
