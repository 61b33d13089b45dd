-- Until now a line of history bore the moment at which its record was judged, never before the one
-- before, and the columns the moment of the transaction: behind a clock that was set back they
-- differed, and untouched violations seemed tampered with. The line is what was hashed, so the
-- columns take its word.
SET LOCAL search_path = compliance;

ALTER TABLE history DISABLE TRIGGER history_append_only;

-- A line begins with {"at":"2022-05-01T00:00:00.000000Z"; what does not was made unreadable.
WITH said AS (
    SELECT violation, seq, encode(substring(line FROM 8 FOR 27), 'escape') AS at FROM history
), moved AS (
    UPDATE history h SET at = s.at::timestamptz
    FROM said s
    WHERE h.violation = s.violation AND h.seq = s.seq
      AND s.at ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$'
      AND pg_input_is_valid(s.at, 'timestamptz')
      AND h.at <> s.at::timestamptz
    RETURNING h.violation
)
UPDATE violation v SET detected_at = known.first, recorded_at = known.last
FROM (
    SELECT s.violation, min(s.at::timestamptz) FILTER (WHERE s.seq = 1) AS first,
           max(s.at::timestamptz) FILTER (WHERE s.seq = w.seq) AS last
    FROM said s JOIN violation w ON w.id = s.violation
    WHERE s.violation IN (SELECT violation FROM moved) AND s.seq IN (1, w.seq)
      AND pg_input_is_valid(s.at, 'timestamptz')
    GROUP BY s.violation
) AS known
WHERE v.id = known.violation AND known.first IS NOT NULL AND known.last IS NOT NULL;

ALTER TABLE history ENABLE TRIGGER history_append_only;
