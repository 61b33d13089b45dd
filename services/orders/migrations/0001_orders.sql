-- What the orders service keeps: the life of each order, and what was bought month by month.
CREATE SCHEMA orders;
SET LOCAL search_path = orders;

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

-- All that is known of an order, and what it contributes to the totals below; named is the
-- agreement that it names.
CREATE TABLE kept (
    jurisdiction text COLLATE "C" NOT NULL,
    "order" text COLLATE "C" NOT NULL,
    product text COLLATE "C",
    hospital text COLLATE "C",
    named text COLLATE "C",
    record bytea NOT NULL,
    given bytea NOT NULL,
    PRIMARY KEY (jurisdiction, "order")
) WITH (fillfactor = 70);
CREATE INDEX kept_product ON kept (jurisdiction, product, hospital);
CREATE INDEX kept_hospital ON kept (jurisdiction, hospital);
CREATE INDEX kept_named ON kept (jurisdiction, named) WHERE named IS NOT NULL;

-- What was bought in a month (202203): orders by the day of placing, goods by the day of acceptance
-- or return. Rows without a hospital ('') sum the hospitals of an area.
CREATE TABLE purchase (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    hospital text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    orders bigint NOT NULL,
    ordered numeric NOT NULL,
    cancelled numeric NOT NULL,
    accepted numeric NOT NULL,
    returned numeric NOT NULL,
    ordered_amount numeric NOT NULL,
    accepted_amount numeric NOT NULL,
    returned_amount numeric NOT NULL,
    PRIMARY KEY (jurisdiction, month, hospital, area, product)
) WITH (fillfactor = 70);
CREATE INDEX purchase_hospital ON purchase (jurisdiction, hospital, product);

-- What was accepted and returned of an agreement, on its days in a month; month 0 is all of them.
CREATE TABLE completion (
    jurisdiction text COLLATE "C" NOT NULL,
    agreement text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    accepted numeric NOT NULL,
    returned numeric NOT NULL,
    accepted_amount numeric NOT NULL,
    returned_amount numeric NOT NULL,
    PRIMARY KEY (jurisdiction, month, agreement)
) WITH (fillfactor = 70);

-- Payments by the order that they name, each merged from its tellings.
CREATE TABLE payment (
    jurisdiction text COLLATE "C" NOT NULL,
    payment text COLLATE "C" NOT NULL,
    "order" text COLLATE "C",
    body bytea NOT NULL,
    PRIMARY KEY (jurisdiction, payment)
);
CREATE INDEX payment_order ON payment (jurisdiction, "order") WHERE "order" IS NOT NULL;
