-- +goose Up

ALTER TABLE tokens ADD COLUMN use_recorded_at timestamptz;
COMMENT ON COLUMN tokens.use_recorded_at IS 'When its use was last recorded in the log, which is done of admins'' tokens, once an hour; null: never.';
