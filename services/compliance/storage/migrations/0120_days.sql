-- What moves from day to day, so that nobody reads a million lines to draw thirty days: how much was
-- found of each case on which day, and how many changes of violations each day brought.
SET LOCAL search_path = compliance;

-- How many violations that stand and are not exempt were found on a day (China), by the case they
-- belong to.
CREATE TABLE found_day (
    jurisdiction text COLLATE "C" NOT NULL,
    day date NOT NULL,
    month text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    party text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (jurisdiction, day, month, rule, role, party)
) WITH (fillfactor = 50);
INSERT INTO found_day
SELECT jurisdiction, (detected_at AT TIME ZONE 'Asia/Shanghai')::date,
       to_char(occurred_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM'), rule, accused_role, accused,
       count(*)
FROM violation WHERE status <> 'withdrawn' AND NOT exempt
GROUP BY 1, 2, 3, 4, 5, 6;

-- How many lines of history of a day (China) say that a violation was found (its first line, or that
-- it goes on again), was over, or never was: what was over when it was found counts as both.
CREATE TABLE change_day (
    jurisdiction text COLLATE "C" NOT NULL,
    day date NOT NULL,
    change text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (jurisdiction, day, change)
) WITH (fillfactor = 50);
INSERT INTO change_day
SELECT jurisdiction, (at AT TIME ZONE 'Asia/Shanghai')::date, brought.change, count(*)
FROM history h JOIN violation v ON v.id = h.violation
CROSS JOIN (VALUES ('opened'), ('closed'), ('withdrawn')) AS brought (change)
WHERE h.change = brought.change OR h.seq = 1 AND brought.change = 'opened'
GROUP BY 1, 2, 3;
