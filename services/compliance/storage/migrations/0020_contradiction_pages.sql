-- Contradictions are listed by any of these, newest first.
SET LOCAL search_path = compliance;

CREATE INDEX contradiction_by_kind ON contradiction (jurisdiction, kind, number);
CREATE INDEX contradiction_by_number ON contradiction (jurisdiction, number);
CREATE INDEX contradiction_of_kind ON contradiction (kind, number);
CREATE INDEX contradiction_of_order ON contradiction ("order", number);
