-- anchors --
-- Give all anchors that are kept.
SELECT number, line FROM compliance.anchor ORDER BY number;

-- leaves --
-- Give all that anchors took up, in the order of their trees.
SELECT anchor, violation, seq, head FROM compliance.anchored ORDER BY anchor, violation, seq;

-- cases --
-- Give all cases that anchors took up, in the order of their trees.
SELECT anchor, case_id, seq, head FROM compliance.anchored_case ORDER BY anchor, case_id, seq;

-- gone --
-- Give the lines that were anchored and are gone, or are others now.
SELECT a.violation, a.seq, a.anchor, h.hash IS NULL AS gone
FROM compliance.anchored a LEFT JOIN compliance.history h USING (violation, seq)
WHERE h.hash IS DISTINCT FROM a.head
ORDER BY a.violation, a.seq;

-- gone_cases --
-- Give the lines of cases that were anchored and are gone, or are others now.
SELECT a.case_id, a.seq, a.anchor, h.hash IS NULL AS gone
FROM compliance.anchored_case a LEFT JOIN compliance.case_history h USING (case_id, seq)
WHERE h.hash IS DISTINCT FROM a.head
ORDER BY a.case_id, a.seq;
