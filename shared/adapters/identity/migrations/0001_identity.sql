-- The keys by which machines show who they are, for all services. Of a key only the SHA-256 of its
-- secret is kept: it is 256 random bits, so that nothing slower than one hash is needed.
CREATE SCHEMA identity;

CREATE TABLE identity.key (
    id text COLLATE "C" PRIMARY KEY,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    holder text COLLATE "C" NOT NULL CHECK (holder <> ''),
    roles text[] NOT NULL CHECK (cardinality(roles) > 0),
    -- Absent: all of them.
    jurisdictions text[],
    -- Each kind:code.
    parties text[] NOT NULL,
    sources text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    -- The day (UTC) on which it was last used: no write for each request.
    used_on date
);
CREATE INDEX key_holder ON identity.key (holder);
