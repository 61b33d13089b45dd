-- Lines in a narrow table of their own, and totals in as many tables as there are questions, so that
-- each reads few rows. The orders kept are counted into them when the next worker begins.
SET LOCAL search_path = delivery;

DROP TABLE card;
UPDATE edition SET edition = '';
UPDATE kept SET given = '\x90';
ALTER TABLE kept
    DROP COLUMN month, DROP COLUMN area, DROP COLUMN distributor, DROP COLUMN manufacturer,
    DROP COLUMN remote, DROP COLUMN hours, DROP COLUMN answer_at, DROP COLUMN due_at,
    DROP COLUMN cut_at, DROP COLUMN lines, DROP COLUMN asked, DROP COLUMN prompt, DROP COLUMN due,
    DROP COLUMN on_time, DROP COLUMN owed, DROP COLUMN whole, DROP COLUMN ordered,
    DROP COLUMN delivered, DROP COLUMN checked, DROP COLUMN failed;

-- The figures of each order line, by which answers for running months leave out what is not due yet.
-- month is that of its delivery due; answer_at, due_at and cut_at say when it had to be answered,
-- delivered, and until when it may have been delivered at all.
CREATE TABLE line (
    jurisdiction text COLLATE "C" NOT NULL,
    "order" text COLLATE "C" NOT NULL,
    area text COLLATE "C",
    distributor text COLLATE "C",
    manufacturer text COLLATE "C",
    product text COLLATE "C",
    answer_at timestamptz,
    due_at timestamptz,
    cut_at timestamptz,
    ordered bigint,
    delivered bigint,
    month integer,
    remote integer,
    hours integer,
    lines smallint,
    asked smallint,
    prompt smallint,
    due smallint,
    on_time smallint,
    owed smallint,
    whole smallint,
    checked numeric,
    failed numeric,
    PRIMARY KEY (jurisdiction, "order")
) WITH (fillfactor = 80);
CREATE INDEX line_month ON line (jurisdiction, month);
CREATE INDEX line_distributor ON line (jurisdiction, distributor, month);
CREATE INDEX line_product ON line (jurisdiction, product, month);

-- Sums of lines by distributor, and by product.
CREATE TABLE card_of_distributor (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    distributor text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    remote integer NOT NULL,
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
    PRIMARY KEY (jurisdiction, month, distributor, area, remote)
) WITH (fillfactor = 70);

CREATE TABLE card_of_product (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    manufacturer text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
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
    PRIMARY KEY (jurisdiction, month, manufacturer, product)
) WITH (fillfactor = 70);

-- How many lines were answered within how many whole hours (-1: never), for medians.
CREATE TABLE answers_of_area (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    area text COLLATE "C" NOT NULL,
    remote integer NOT NULL,
    hours integer NOT NULL,
    lines bigint NOT NULL,
    PRIMARY KEY (jurisdiction, month, area, remote, hours)
) WITH (fillfactor = 70);

CREATE TABLE answers_of_distributor (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    distributor text COLLATE "C" NOT NULL,
    hours integer NOT NULL,
    lines bigint NOT NULL,
    PRIMARY KEY (jurisdiction, month, distributor, hours)
) WITH (fillfactor = 70);

CREATE TABLE answers_of_distributor_in_area (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    distributor text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    remote integer NOT NULL,
    hours integer NOT NULL,
    lines bigint NOT NULL,
    PRIMARY KEY (jurisdiction, month, distributor, area, remote, hours)
) WITH (fillfactor = 70);

CREATE TABLE answers_of_product (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    manufacturer text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL,
    hours integer NOT NULL,
    lines bigint NOT NULL,
    PRIMARY KEY (jurisdiction, month, manufacturer, product, hours)
) WITH (fillfactor = 70);
