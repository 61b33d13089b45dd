-- What was put into a large record since it was written whole (services/compliance/judging/dossier.py):
-- for every receipt of an account that holds hundreds, only this is written.
SET LOCAL search_path = compliance;

ALTER TABLE dossier ADD tail bytea NOT NULL DEFAULT '';
-- To compress what is written anew with every event would cost more than it saves.
ALTER TABLE dossier ALTER tail SET STORAGE EXTERNAL;
