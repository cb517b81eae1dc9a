-- +goose Up

ALTER TABLE saga.people ADD COLUMN acknowledged_at timestamptz;
COMMENT ON COLUMN saga.people.acknowledged_at IS 'When they were last sent an email that their message came in: at most one a day. Null: never.';
