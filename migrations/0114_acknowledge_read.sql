-- +goose Up

ALTER TABLE read.mailboxes ADD COLUMN acknowledge boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN read.mailboxes.acknowledge IS 'Whether who opens a ticket here by mail is sent an email that it came.';
COMMENT ON COLUMN read.emails.kind IS 'What it tells of: escalated, assigned, commented, resolved, replied, reopened, taken-back, acknowledged: a message that came in, or digest: what others would have told of that were too many within an hour.';
