-- Sums by product and place; lines found by place, by manufacturer, and by what is not due yet.
SET LOCAL search_path = delivery;

CREATE TABLE card_of_product_in_area (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    area text COLLATE "C" NOT NULL,
    remote integer NOT NULL,
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
    PRIMARY KEY (jurisdiction, month, area, remote, manufacturer, product)
) WITH (fillfactor = 70);

INSERT INTO card_of_product_in_area
SELECT jurisdiction, month, area, remote, manufacturer, product, sum(lines), sum(asked), sum(prompt),
       sum(due), sum(on_time), sum(owed), sum(whole), sum(ordered), sum(delivered), sum(checked),
       sum(failed)
FROM line
WHERE month IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6;

-- last_at is the last of what had to be done by answer_at, due_at and cut_at: all of a line is due
-- from then on.
ALTER TABLE line
    ADD COLUMN last_at timestamptz GENERATED ALWAYS AS (greatest(answer_at, due_at, cut_at)) STORED;
DROP INDEX line_month;
CREATE INDEX line_month ON line (jurisdiction, month, last_at);
CREATE INDEX line_manufacturer ON line (jurisdiction, manufacturer, month);
CREATE INDEX line_place ON line (jurisdiction, remote, area, month)
    INCLUDE (manufacturer, product, hours, lines);
