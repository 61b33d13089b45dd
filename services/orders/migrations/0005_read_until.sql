-- Until when each partition was read to its end: what the last look at the broker found is the figures'
-- from looked_at on, once next_offset has come to end_offset.
SET LOCAL search_path = orders;

ALTER TABLE position
    ADD COLUMN looked_at timestamptz NOT NULL DEFAULT 'epoch',
    ADD COLUMN read_until timestamptz NOT NULL DEFAULT 'epoch';
