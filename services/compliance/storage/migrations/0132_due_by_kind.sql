-- What waits to be heard is asked for kind by kind: a silence counts for what gathers from others once
-- those were judged by it.
SET LOCAL search_path = compliance;

CREATE INDEX look_again_kind_hear ON look_again (kind, hear_at) WHERE hear_at IS NOT NULL;
DROP INDEX look_again_hear;
