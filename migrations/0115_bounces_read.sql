-- +goose Up

ALTER TABLE read.users
    ADD COLUMN bounced_at timestamptz,
    ADD COLUMN bounce text NOT NULL DEFAULT '';
COMMENT ON COLUMN read.users.bounced_at IS 'When an email to the address came back for good: none is sent to it until an admin clears it or it is another. Null: they are sent.';
COMMENT ON COLUMN read.users.bounce IS 'What the mail server said then; empty: nothing, or none came back.';
