-- migrations --
-- Name the migrations that this database has.
SELECT file FROM public.vbp_migration WHERE service = 'compliance';
