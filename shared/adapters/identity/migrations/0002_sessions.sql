-- Who has signed in at the console. Of a session only the SHA-256 of its 256 random bits is kept.
CREATE TABLE identity.session (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    subject text COLLATE "C" NOT NULL CHECK (subject <> ''),
    roles text[] NOT NULL,
    -- Absent: all of them.
    jurisdictions text[],
    -- Each kind:code.
    parties text[] NOT NULL,
    sources text[] NOT NULL,
    began_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_subject ON identity.session (subject, began_at);
CREATE INDEX session_expires ON identity.session (expires_at);
