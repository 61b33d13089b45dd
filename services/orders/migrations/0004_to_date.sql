-- What agreements have come to from January to the end of each month, in one row a month: what they
-- came to until a month is read in one row a year, and not in all months one by one.
SET LOCAL search_path = orders;

CREATE TABLE completion_to_date (
    jurisdiction text COLLATE "C" NOT NULL,
    month integer NOT NULL,
    agreement text COLLATE "C" NOT NULL,
    accepted numeric NOT NULL,
    returned numeric NOT NULL,
    accepted_amount numeric NOT NULL,
    returned_amount numeric NOT NULL,
    PRIMARY KEY (jurisdiction, month, agreement)
) WITH (fillfactor = 70);

INSERT INTO completion_to_date
SELECT c.jurisdiction, later.month, c.agreement, sum(c.accepted), sum(c.returned),
       sum(c.accepted_amount), sum(c.returned_amount)
FROM completion c, generate_series(c.month, c.month / 100 * 100 + 12) AS later (month)
GROUP BY 1, 2, 3;

DROP TABLE completion, completion_whole;
