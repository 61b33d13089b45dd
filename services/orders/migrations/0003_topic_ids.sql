-- Which topic a partition was read of, by the id that a topic made again does not share, and where it
-- ended. Our offsets go on when a topic begins again: they are the broker's plus base. lost counts
-- what the broker had lost before it was read.
SET LOCAL search_path = orders;

ALTER TABLE position
    ADD COLUMN topic_id uuid,
    ADD COLUMN base bigint NOT NULL DEFAULT 0,
    ADD COLUMN end_offset bigint NOT NULL DEFAULT 0,
    ADD COLUMN lost bigint NOT NULL DEFAULT 0;
