-- Lists as of an instant, and of what was found before one.
SET LOCAL search_path = compliance;

-- Almost nothing is known more than a day before it occurs. That has indexes of its own, which are
-- only used where it is known how little that is.
CREATE STATISTICS violation_found_ahead_of ON (occurred_at - detected_at) FROM violation;
CREATE STATISTICS violation_ahead_of ON (occurred_at - recorded_at) FROM violation;
CREATE STATISTICS past_ahead_of ON (occurred_at - known_from) FROM past;
ANALYZE violation;
ANALYZE past;

-- Whoever is accused, or sees one place alone, begins a list of what was known at those.
CREATE INDEX past_accused ON past
    (accused_role, accused, occurred_at, id, known_from, known_until);
CREATE INDEX past_place ON past (jurisdiction, occurred_at, id, known_from, known_until);

-- No list is in the order in which things became known, and half of all was known by then.
DROP INDEX violation_recorded;

-- What somebody sees is read once for a query, and not for every row of it (0130_lists.sql). A
-- violation stays in its jurisdiction: who sees everybody of that sees what was known of it whomever
-- it named. Whether a party sees the violation is asked in place: a function is planned each time.
ALTER POLICY tenant ON past USING (
    ((SELECT sees_all_places()) OR jurisdiction = ANY ((SELECT seen_places())::text[]))
    AND ((SELECT sees_everybody())
         OR ((accused_role || ':' || accused = ANY ((SELECT seen_parties())::text[])
              OR 'hospital:' || hospital = ANY ((SELECT seen_parties())::text[])
              OR 'manufacturer:' || manufacturer = ANY ((SELECT seen_parties())::text[])
              OR 'distributor:' || distributor = ANY ((SELECT seen_parties())::text[]))
             AND EXISTS (SELECT FROM violation AS shown WHERE shown.id = past.id))));
ALTER POLICY tenant ON history USING (
    ((SELECT sees_all_places()) AND (SELECT sees_everybody()))
    OR EXISTS (SELECT FROM violation AS shown WHERE shown.id = history.violation));
