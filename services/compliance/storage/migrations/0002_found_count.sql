-- How many violations were ever found, acts that were over at once among them: an alert on what is
-- open never tells of those, nor of a second one while the first is open. Counted in the batch's own
-- transaction, so that neither a restart nor a second worker doubles or loses one.
CREATE TABLE compliance.found_count (
    jurisdiction text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    severity text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (jurisdiction, rule, severity, area)
) WITH (fillfactor = 50);
