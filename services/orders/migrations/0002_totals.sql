-- Totals in as many tables as there are questions, so that each reads few rows. The orders kept are
-- counted into them when the next worker begins.
SET LOCAL search_path = orders;

DROP TABLE purchase, completion;
UPDATE kept SET given = '\x90';
UPDATE edition SET edition = '';

-- What was bought in a month (202203): orders by the day of placing, goods by the day of acceptance
-- or return.
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

CREATE TABLE purchase_of_product (
    LIKE purchase,
    PRIMARY KEY (jurisdiction, month, area, product)
) WITH (fillfactor = 70);
ALTER TABLE purchase_of_product DROP COLUMN hospital;

CREATE TABLE purchase_of_hospital (
    LIKE purchase,
    PRIMARY KEY (jurisdiction, month, area, hospital)
) WITH (fillfactor = 70);
ALTER TABLE purchase_of_hospital DROP COLUMN product;

-- What was accepted and returned of an agreement on its days: in a month, and in all of them.
CREATE TABLE completion (
    jurisdiction text COLLATE "C" NOT NULL,
    agreement text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    accepted numeric NOT NULL,
    returned numeric NOT NULL,
    accepted_amount numeric NOT NULL,
    returned_amount numeric NOT NULL,
    PRIMARY KEY (jurisdiction, agreement, month)
) WITH (fillfactor = 70);

CREATE TABLE completion_whole (
    LIKE completion,
    PRIMARY KEY (jurisdiction, agreement)
) WITH (fillfactor = 70);
ALTER TABLE completion_whole DROP COLUMN month;

-- The same summed over agreements that are in force on the same days, [since, until) as numbers
-- (20220301), by product and by hospital; the area is the hospital's as last told, '' if none is.
CREATE TABLE completion_of_product (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    area text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    since integer NOT NULL,
    until integer NOT NULL,
    accepted numeric NOT NULL,
    returned numeric NOT NULL,
    accepted_amount numeric NOT NULL,
    returned_amount numeric NOT NULL,
    PRIMARY KEY (jurisdiction, month, area, product, since, until)
) WITH (fillfactor = 70);

CREATE TABLE completion_of_hospital (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    area text COLLATE "C" NOT NULL,
    hospital text COLLATE "C" NOT NULL,
    since integer NOT NULL,
    until integer NOT NULL,
    accepted numeric NOT NULL,
    returned numeric NOT NULL,
    accepted_amount numeric NOT NULL,
    returned_amount numeric NOT NULL,
    PRIMARY KEY (jurisdiction, month, area, hospital, since, until)
) WITH (fillfactor = 70);
