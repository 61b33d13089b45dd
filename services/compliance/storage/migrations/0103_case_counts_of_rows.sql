-- Cases count whichever way a row of their work comes, goes or moves (0101_case_counts.sql): what is
-- written back after it was taken away counts again.
SET LOCAL search_path = compliance;

DROP TRIGGER case_counted ON case_work;
CREATE TRIGGER case_counted AFTER INSERT OR DELETE OR UPDATE OF stage ON case_work
    FOR EACH ROW EXECUTE FUNCTION count_case();
