-- What people hold of a violation, beside what the machine found: columns that the worker's batches
-- never set, but for `stale`. Lines of history that persons wrote stand in the same chain.
SET LOCAL search_path = compliance;

ALTER TABLE violation
    ADD review text COLLATE "C" NOT NULL DEFAULT 'new',
    ADD stale boolean NOT NULL DEFAULT false,
    ADD seen_seq integer,
    ADD reviewed_at timestamptz,
    ADD assignee text COLLATE "C",
    ADD acknowledged_by text COLLATE "C",
    ADD acknowledged_at timestamptz,
    ADD proposal text COLLATE "C",
    ADD proposed_by text COLLATE "C",
    ADD disputed_by text COLLATE "C";

CREATE INDEX violation_review ON violation
    (review, occurred_at, id, rule, severity, status, jurisdiction);
CREATE INDEX violation_stale ON violation (occurred_at, id, rule, status) WHERE stale;
CREATE INDEX violation_assignee ON violation (assignee, occurred_at, id, rule, status)
    WHERE assignee IS NOT NULL;
-- Since when what is unlooked at, and what waits for the next step, waits: a queue leaves out what
-- never was, and what is exempt.
CREATE INDEX violation_unseen ON violation (jurisdiction, rule, severity, detected_at)
    WHERE review = 'new' AND status <> 'withdrawn' AND NOT exempt;
CREATE INDEX violation_pending ON violation (jurisdiction, review, reviewed_at)
    WHERE review IN ('acknowledged', 'disputed') AND status <> 'withdrawn' AND NOT exempt;

-- How many violations stand in which state of review: those that were not withdrawn and are not
-- exempt, kept in the transaction of whoever moves one, machine or person.
CREATE TABLE review_count (
    jurisdiction text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    severity text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    review text COLLATE "C" NOT NULL,
    stale boolean NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (jurisdiction, rule, severity, area, review, stale)
) WITH (fillfactor = 50);
INSERT INTO review_count
SELECT jurisdiction, rule, severity, coalesce(area, ''), review, stale, count(*)
FROM violation WHERE status <> 'withdrawn' AND NOT exempt
GROUP BY 1, 2, 3, 4, 5, 6;

-- What people wrote in their own words. The line of history has its hash only, so that words about a
-- person can be taken away (erased_at says when) and the chain still holds.
CREATE TABLE remark (
    violation uuid NOT NULL,
    seq integer NOT NULL,
    internal boolean NOT NULL,
    text text NOT NULL,
    erased_at timestamptz,
    PRIMARY KEY (violation, seq)
);
