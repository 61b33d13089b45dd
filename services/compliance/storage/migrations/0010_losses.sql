-- Which topic a partition was read of, by the id that a topic made again does not share, and from
-- where to where the broker last held it. Our offsets go on when a topic begins again: they are the
-- broker's plus base, so that no two facts ever stand at one place.
ALTER TABLE compliance.position
    ADD COLUMN topic_id uuid,
    ADD COLUMN base bigint NOT NULL DEFAULT 0,
    ADD COLUMN stable_offset bigint NOT NULL DEFAULT 0,
    ADD COLUMN asked_at timestamptz NOT NULL DEFAULT 'epoch';

-- What the broker no longer holds although nobody had read it. While one is not acknowledged the
-- partition's heard_until stands, so that nobody is accused of a silence that was never heard.
CREATE TABLE compliance.loss (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    cause text NOT NULL CHECK (cause IN ('removed', 'made_again', 'cut_off')),
    first_offset bigint NOT NULL,
    next_offset bigint NOT NULL,
    topic_id uuid,
    noticed_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text,
    reason text,
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),
    CHECK ((acknowledged_at IS NULL) = (reason IS NULL))
);
CREATE INDEX loss_open ON compliance.loss (topic, partition) WHERE acknowledged_at IS NULL;

CREATE FUNCTION compliance.refuse_loss_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.acknowledged_at IS NULL AND NEW.acknowledged_at IS NOT NULL
       AND (NEW.id, NEW.topic, NEW.partition, NEW.cause, NEW.first_offset, NEW.next_offset,
            NEW.noticed_at) = (OLD.id, OLD.topic, OLD.partition, OLD.cause, OLD.first_offset,
            OLD.next_offset, OLD.noticed_at)
       AND NEW.topic_id IS NOT DISTINCT FROM OLD.topic_id THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a loss can only be acknowledged, once: % refused', TG_OP;
END $$;
CREATE TRIGGER loss_append_only BEFORE UPDATE OR DELETE ON compliance.loss
    FOR EACH ROW EXECUTE FUNCTION compliance.refuse_loss_change();
CREATE TRIGGER loss_kept_whole BEFORE TRUNCATE ON compliance.loss
    FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
