-- +goose Up

-- Projections that a write must show are brought up to date in the transaction of
-- the append. Where they stand is compared with where the batch began, in the same
-- round trip as the append; and failed events are asked for only where there are some.
ALTER TABLE log_head ADD COLUMN batch_after bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN log_head.batch_after IS 'Position before the first event of the newest batch; as position where the batch wrote nothing.';
UPDATE log_head SET batch_after = position;

ALTER TABLE checkpoints ADD COLUMN failing boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN checkpoints.failing IS 'Whether failed_events may have events of the follower; false: it has none.';
UPDATE checkpoints AS c SET failing = true WHERE EXISTS (SELECT FROM failed_events AS f WHERE f.follower = c.name);
