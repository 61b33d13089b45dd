-- What became of an event, for whoever told it: found by its id, on the bus and among dead letters.
SET LOCAL search_path = compliance;

-- A number instead of texts: this index of the largest table is written with every event.
CREATE INDEX fact_event ON fact (hashtextextended(id, 0));

-- As the message itself says, where that can be read; letters of before this migration have neither.
ALTER TABLE dead_letter
    ADD COLUMN source text COLLATE "C",
    ADD COLUMN id text COLLATE "C",
    -- When it was sent to its topic again.
    ADD COLUMN redriven_at timestamptz;
CREATE INDEX dead_letter_event ON dead_letter (hashtextextended(id, 0)) WHERE id IS NOT NULL;
CREATE INDEX dead_letter_told ON dead_letter (told, topic, partition, "offset");

-- Who reads by the role `vbp_reader` sees events of a violation that it sees, and of these the ones
-- that a line of it rests on; the table of events itself it cannot read.
CREATE FUNCTION said(line bytea) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN convert_from(line, 'UTF8')::jsonb;
EXCEPTION WHEN others THEN
    RETURN NULL; -- Made unreadable by somebody; vbp audit verify names it.
END $$;

CREATE FUNCTION facts_of(violation uuid, topics smallint[], partitions smallint[], offsets bigint[])
RETURNS SETOF fact LANGUAGE sql STABLE SECURITY DEFINER SET search_path = compliance, pg_temp AS $$
    SELECT f.*
    FROM fact f
    JOIN unnest(topics, partitions, offsets) AS wanted (topic, partition, "offset")
      ON f.topic = wanted.topic AND f.partition = wanted.partition AND f."offset" = wanted."offset"
    WHERE current_setting('role') <> 'vbp_reader'
       OR EXISTS (
            SELECT FROM violation v
            WHERE v.id = facts_of.violation AND sees_place(v.jurisdiction)
              AND (sees_party(v.accused_role, v.accused) OR sees_party('hospital', v.hospital)
                   OR sees_party('manufacturer', v.manufacturer)
                   OR sees_party('distributor', v.distributor)))
          AND (f.source, f.id) IN (
            SELECT one ->> 'source', one ->> 'id'
            FROM history h,
                 jsonb_array_elements(CASE jsonb_typeof(said(h.line) -> 'violation' -> 'evidence')
                     WHEN 'array' THEN said(h.line) -> 'violation' -> 'evidence'
                     ELSE '[]' END) AS one
            WHERE h.violation = facts_of.violation)
$$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'vbp_reader') THEN
        REVOKE SELECT ON fact FROM vbp_reader;
    END IF;
END $$;
