-- last --
-- Give the newest anchor, as it was told.
SELECT line FROM compliance.anchor ORDER BY number DESC LIMIT 1;

-- add_leaves --
-- Take up the ends of all chains that have grown since they were last taken up.
INSERT INTO compliance.anchored (violation, seq, head, anchor)
SELECT id, seq, head, $1 FROM compliance.violation v
WHERE NOT EXISTS (SELECT FROM compliance.anchored a WHERE a.violation = v.id AND a.seq = v.seq);

-- leaves --
-- Give what an anchor took up, in the order of the tree.
SELECT violation, seq, head FROM compliance.anchored WHERE anchor = $1 ORDER BY violation, seq;

-- add_cases --
-- Take up the ends of the chains of all cases that people have moved since they were last taken up.
INSERT INTO compliance.anchored_case (case_id, seq, head, anchor)
SELECT id, seq, head, $1 FROM compliance.case_work w
WHERE seq > 0
  AND NOT EXISTS (SELECT FROM compliance.anchored_case a WHERE a.case_id = w.id AND a.seq = w.seq);

-- cases --
-- Give the cases that an anchor took up, in the order of the tree.
SELECT case_id, seq, head FROM compliance.anchored_case WHERE anchor = $1 ORDER BY case_id, seq;

-- add --
-- Keep an anchor as it is told.
INSERT INTO compliance.anchor (number, line) VALUES ($1, $2);

-- since --
-- Give the anchors behind one, the oldest first.
SELECT line FROM compliance.anchor WHERE number > $1 ORDER BY number;
