-- The areas in which hospitals take part. Anybody may write any area into an order or appointment:
-- as labels of metrics they have no end, so there all others count as one, `other`.
CREATE TABLE compliance.enrolled_area (
    jurisdiction text COLLATE "C" NOT NULL,
    area text COLLATE "C" NOT NULL,
    PRIMARY KEY (jurisdiction, area)
);

INSERT INTO compliance.enrolled_area (jurisdiction, area)
SELECT DISTINCT told ->> 'jurisdiction', told ->> 'area'
FROM (SELECT convert_from(data, 'UTF8')::jsonb AS told FROM compliance.fact
      WHERE type = 'vbp.hospital.enrolled.v1'
        AND pg_input_is_valid(convert_from(data, 'UTF8'), 'jsonb')) AS enrolled;

-- A count that only grows must never move from one label to another: where it is counted is decided
-- when it is, and for what was counted so far, now.
CREATE TEMP TABLE counted ON COMMIT DROP AS
SELECT f.jurisdiction, f.rule, f.severity,
       CASE WHEN f.area = '' OR e.area IS NOT NULL THEN f.area ELSE 'other' END AS area,
       sum(f.count) AS count
FROM compliance.found_count f LEFT JOIN compliance.enrolled_area e USING (jurisdiction, area)
GROUP BY 1, 2, 3, 4;
DELETE FROM compliance.found_count;
INSERT INTO compliance.found_count (jurisdiction, rule, severity, area, count)
SELECT jurisdiction, rule, severity, area, count FROM counted;
