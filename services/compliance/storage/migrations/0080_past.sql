-- What was known of violations earlier: the columns of each as they were from one machine's line of
-- history until the next, so that a list as of an instant is read from indexes. What the violation
-- said then is in its line; nothing here is not in the lines.
SET LOCAL search_path = compliance;

-- known_from is the instant of the line that told it so, known_until that of the next; seq is the
-- last line before that one, a person's too.
CREATE TABLE past (
    id uuid NOT NULL,
    seq integer NOT NULL,
    known_from timestamptz NOT NULL,
    known_until timestamptz NOT NULL,
    jurisdiction text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    exempt boolean NOT NULL,
    severity text COLLATE "C" NOT NULL,
    product text COLLATE "C",
    area text COLLATE "C",
    hospital text COLLATE "C",
    manufacturer text COLLATE "C",
    distributor text COLLATE "C",
    "order" text COLLATE "C",
    occurred_at timestamptz NOT NULL,
    detected_at timestamptz NOT NULL,
    supersedes uuid[] NOT NULL,
    accused_role text COLLATE "C" NOT NULL,
    accused text COLLATE "C" NOT NULL,
    PRIMARY KEY (id, seq)
);

-- Of versions before this one: each machine's line that a later one followed at a later instant. What
-- persons wrote in between moves nothing that is kept here, but for the number of the last line.
CREATE FUNCTION pg_temp.said(line bytea) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN convert_from(line, 'UTF8')::jsonb;
EXCEPTION WHEN others THEN
    RETURN NULL; -- Made unreadable by somebody; vbp audit verify names it.
END $$;
INSERT INTO past
SELECT v.id, line.next_seq - 1, line.at, line.next_at, v.jurisdiction, v.rule,
       CASE line.change WHEN 'withdrawn' THEN 'withdrawn' ELSE told.body ->> 'status' END,
       (told.body ->> 'exempt')::boolean, told.body ->> 'severity', told.body ->> 'product',
       told.body ->> 'area', told.body ->> 'hospital', told.body ->> 'manufacturer',
       told.body ->> 'distributor', told.body ->> 'order',
       (told.body ->> 'occurred_at')::timestamptz, v.detected_at,
       coalesce((SELECT array_agg(name::uuid ORDER BY h.seq, place)
                 FROM history h,
                      jsonb_array_elements_text(coalesce(pg_temp.said(h.line) -> 'supersedes', '[]'))
                          WITH ORDINALITY AS replaced (name, place)
                 WHERE h.violation = v.id AND h.seq <= line.seq), '{}'),
       coalesce(told.accused ->> 'role', v.accused_role),
       coalesce(told.accused ->> 'party', v.accused)
FROM violation v
CROSS JOIN LATERAL (SELECT seq, at, change, lead(at) OVER (ORDER BY seq) AS next_at,
                           lead(seq) OVER (ORDER BY seq) AS next_seq
                    FROM history
                    WHERE violation = v.id AND actor = 'machine' AND change <> 'carried') AS line
CROSS JOIN LATERAL (SELECT pg_temp.said(h.line) -> 'violation' AS body,
                           pg_temp.said(h.line) -> 'accused' AS accused
                    FROM history h
                    WHERE h.violation = v.id AND h.seq <= line.seq AND h.actor = 'machine'
                      AND h.change IN ('opened', 'changed', 'closed')
                    ORDER BY h.seq DESC LIMIT 1) AS told
WHERE v.seq > 1 AND line.at < line.next_at AND told.body IS NOT NULL;

-- Whoever moves a violation leaves here what was known of it until then. Two changes of one instant
-- are one to whoever asks for an instant; what people do moves no instant of the machine's.
CREATE FUNCTION keep_past() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO compliance.past
    SELECT was.id, now.seq - 1, was.recorded_at, now.recorded_at, was.jurisdiction, was.rule,
           was.status, was.exempt, was.severity, was.product, was.area, was.hospital,
           was.manufacturer, was.distributor, was."order", was.occurred_at, was.detected_at,
           was.supersedes, was.accused_role, was.accused
    FROM was JOIN now USING (id)
    WHERE was.seq < now.seq AND was.recorded_at < now.recorded_at;
    RETURN NULL;
END $$;
CREATE TRIGGER violation_past AFTER UPDATE ON violation
    REFERENCING OLD TABLE AS was NEW TABLE AS now
    FOR EACH STATEMENT EXECUTE FUNCTION keep_past();

-- It is shown to whom the violation is shown now, if it named them then.
ALTER TABLE past ENABLE ROW LEVEL SECURITY;
ALTER TABLE past FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON past TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY tenant ON past USING (
    sees_place(jurisdiction) AND sees_violation(id)
    AND (sees_party(accused_role, accused) OR sees_party('hospital', hospital)
         OR sees_party('manufacturer', manufacturer) OR sees_party('distributor', distributor)));
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'vbp_reader') THEN
        GRANT SELECT ON past TO vbp_reader;
    END IF;
END $$;

-- As the list of what is known now, each filter has an index in the order of the list.
CREATE INDEX past_when ON past (occurred_at, id, known_from, known_until);
CREATE INDEX past_rule ON past (rule, occurred_at, id, known_from, known_until);
CREATE INDEX past_area ON past (area, occurred_at, id, known_from, known_until);
CREATE INDEX past_product ON past (product, occurred_at, id, known_from, known_until);
CREATE INDEX past_hospital ON past (hospital, occurred_at, id, known_from, known_until);
CREATE INDEX past_manufacturer ON past (manufacturer, occurred_at, id, known_from, known_until);
CREATE INDEX past_distributor ON past (distributor, occurred_at, id, known_from, known_until);
CREATE INDEX past_order ON past ("order");
CREATE INDEX past_until ON past (known_until);
CREATE INDEX violation_recorded ON violation (recorded_at);

-- Almost nothing occurs more than a day after it became known: a list as of an instant begins a day
-- behind that, and the rest is found by these.
CREATE INDEX past_ahead ON past (occurred_at, id)
    WHERE occurred_at - known_from > interval '1 day';
CREATE INDEX violation_ahead ON violation (occurred_at, id)
    WHERE occurred_at - recorded_at > interval '1 day';
