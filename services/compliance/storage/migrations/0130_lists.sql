-- What lists begin by besides: a jurisdiction, for whoever sees only that, and when something was
-- found.
SET LOCAL search_path = compliance;

CREATE INDEX violation_place ON violation
    (jurisdiction, occurred_at, id, rule, severity, status, review);
CREATE INDEX violation_found ON violation (detected_at, occurred_at, id);
-- Almost nothing is found more than a day before it occurs: a list of what was found before an
-- instant begins a day behind that, and the rest is found by this.
CREATE INDEX violation_found_ahead ON violation (occurred_at, id)
    WHERE occurred_at - detected_at > interval '1 day';

-- What somebody sees (0070_tenancy.sql), read once for a query and not for every row of it.
CREATE FUNCTION seen_places() RETURNS text[] LANGUAGE sql STABLE
RETURN CASE current_setting('vbp.places', true) WHEN '*' THEN '{}'
    ELSE coalesce(nullif(current_setting('vbp.places', true), ''), '{}')::text[] END;
CREATE FUNCTION sees_all_places() RETURNS boolean LANGUAGE sql STABLE
RETURN coalesce(current_setting('vbp.places', true), '') = '*';
CREATE FUNCTION seen_parties() RETURNS text[] LANGUAGE sql STABLE
RETURN CASE current_setting('vbp.parties', true) WHEN '*' THEN '{}'
    ELSE coalesce(nullif(current_setting('vbp.parties', true), ''), '{}')::text[] END;

ALTER POLICY tenant ON violation USING (
    ((SELECT sees_all_places()) OR jurisdiction = ANY ((SELECT seen_places())::text[]))
    AND ((SELECT sees_everybody())
         OR accused_role || ':' || accused = ANY ((SELECT seen_parties())::text[])
         OR 'hospital:' || hospital = ANY ((SELECT seen_parties())::text[])
         OR 'manufacturer:' || manufacturer = ANY ((SELECT seen_parties())::text[])
         OR 'distributor:' || distributor = ANY ((SELECT seen_parties())::text[])))
WITH CHECK (false);
