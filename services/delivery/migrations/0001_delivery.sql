-- What the delivery service keeps: each order line with what was promised, and scorecards.
CREATE SCHEMA delivery;
SET LOCAL search_path = delivery;

-- Everything before next_offset is in the figures.
CREATE TABLE position (
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- What the figures rest on beside events: orders counted under another edition are counted anew.
CREATE TABLE edition (
    edition text NOT NULL DEFAULT '',
    one boolean PRIMARY KEY DEFAULT true CHECK (one)
);
INSERT INTO edition DEFAULT VALUES;

-- Products and hospitals, each merged from all its tellings; area and price as last told.
CREATE TABLE entry (
    jurisdiction text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('product', 'hospital')),
    code text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    area text COLLATE "C",
    price numeric,
    PRIMARY KEY (jurisdiction, kind, code)
);

-- Agreements as last told, in force on days [since, until); area and price follow the entries.
CREATE TABLE agreement (
    jurisdiction text COLLATE "C" NOT NULL,
    agreement text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    hospital text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL,
    since date NOT NULL,
    until date NOT NULL,
    unit_price numeric,
    body bytea NOT NULL,
    area text COLLATE "C",
    price numeric,
    PRIMARY KEY (jurisdiction, agreement)
);
CREATE INDEX agreement_between ON agreement (jurisdiction, product, hospital);
CREATE INDEX agreement_hospital ON agreement (jurisdiction, hospital);

-- All that is known of an order, what it contributes to the totals below, and its own figures, by
-- which answers for running months leave out what is not due yet. named is the agreement that it
-- names; month that of its delivery due; answer_at, due_at and cut_at say when it had to be
-- answered, delivered, and until when it may have been delivered at all.
CREATE TABLE kept (
    jurisdiction text COLLATE "C" NOT NULL,
    "order" text COLLATE "C" NOT NULL,
    product text COLLATE "C",
    hospital text COLLATE "C",
    named text COLLATE "C",
    record bytea NOT NULL,
    given bytea NOT NULL,
    month integer,
    area text COLLATE "C",
    distributor text COLLATE "C",
    manufacturer text COLLATE "C",
    remote integer,
    hours integer,
    answer_at timestamptz,
    due_at timestamptz,
    cut_at timestamptz,
    lines bigint,
    asked bigint,
    prompt bigint,
    due bigint,
    on_time bigint,
    owed bigint,
    whole bigint,
    ordered numeric,
    delivered numeric,
    checked numeric,
    failed numeric,
    PRIMARY KEY (jurisdiction, "order")
) WITH (fillfactor = 70);
CREATE INDEX kept_product ON kept (jurisdiction, product, hospital);
CREATE INDEX kept_hospital ON kept (jurisdiction, hospital);
CREATE INDEX kept_named ON kept (jurisdiction, named) WHERE named IS NOT NULL;

CREATE INDEX kept_month ON kept (jurisdiction, month);
CREATE INDEX kept_distributor ON kept (jurisdiction, distributor, month);

-- Sums of lines by the whole hours that their answer took. Rows without a product ('') sum all
-- products of a distributor in an area; rows without a distributor all lines of a product.
CREATE TABLE card (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    distributor text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    remote integer NOT NULL,
    manufacturer text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    hours integer NOT NULL,
    lines bigint NOT NULL,
    asked bigint NOT NULL,
    prompt bigint NOT NULL,
    due bigint NOT NULL,
    on_time bigint NOT NULL,
    owed bigint NOT NULL,
    whole bigint NOT NULL,
    ordered numeric NOT NULL,
    delivered numeric NOT NULL,
    checked numeric NOT NULL,
    failed numeric NOT NULL,
    PRIMARY KEY (jurisdiction, month, distributor, area, remote, manufacturer, product, hours)
) WITH (fillfactor = 70);
