-- What somebody sees of the counts by party and of the work on cases, read once for a query and not
-- for every row of it (as 0130_lists.sql has it for violations).
SET LOCAL search_path = compliance;

DO $$
DECLARE
    told text;
BEGIN
    FOREACH told IN ARRAY ARRAY[
        'accused_count', 'judged_count', 'open_party', 'found_day', 'case_work'] LOOP
        EXECUTE format(
            'ALTER POLICY tenant ON %I USING ('
            ' ((SELECT sees_all_places()) OR jurisdiction = ANY ((SELECT seen_places())::text[]))'
            ' AND ((SELECT sees_everybody())'
            ' OR role || '':'' || party = ANY ((SELECT seen_parties())::text[])))'
            ' WITH CHECK (false)', told);
    END LOOP;
END $$;
