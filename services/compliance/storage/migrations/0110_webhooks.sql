-- Who is told of changes over HTTP, and what became of it. Whose it is says the subject of a key;
-- what it may see is looked up anew, by that holder's newest key that is taken.
SET LOCAL search_path = compliance;

CREATE TABLE webhook (
    id uuid PRIMARY KEY,
    subject text COLLATE "C" NOT NULL CHECK (subject <> ''),
    url text NOT NULL,
    filter jsonb NOT NULL,
    -- It signs, and so must be known; before the end of `former_until` both do.
    secret bytea NOT NULL CHECK (length(secret) = 32),
    former_secret bytea CHECK (length(former_secret) = 32),
    former_until timestamptz,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    -- After a failure nothing is tried before.
    paused_until timestamptz
);
CREATE INDEX webhook_of ON webhook (subject, created_at);

CREATE TABLE webhook_delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook uuid NOT NULL REFERENCES webhook,
    -- The id of the change: told once, however often it is read.
    message text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    -- When it is tried next; absent once it is settled.
    due_at timestamptz,
    attempts smallint NOT NULL DEFAULT 0,
    last_at timestamptz,
    status smallint,
    problem text,
    delivered_at timestamptz,
    UNIQUE (webhook, message)
);
CREATE INDEX webhook_due ON webhook_delivery (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_log ON webhook_delivery (webhook, id);
CREATE INDEX webhook_old ON webhook_delivery (created_at) WHERE due_at IS NULL;

-- How far vbp.violations.v1 was read for it.
CREATE TABLE webhook_place (
    partition integer PRIMARY KEY,
    next_offset bigint NOT NULL
);
