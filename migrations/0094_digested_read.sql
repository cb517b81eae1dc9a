-- +goose Up

ALTER TABLE read.emails ADD COLUMN digest_id uuid;
COMMENT ON COLUMN read.emails.digest_id IS 'The digest that tells of it, an email itself; null: it is not digested.';
COMMENT ON COLUMN read.emails.status IS 'queued, sending, sent, delayed, bounced, blocked, failed, uncertain, cancelled or digested.';
COMMENT ON COLUMN read.emails.kind IS 'What it tells of: escalated, assigned, commented, resolved, replied, reopened, taken-back, or digest: what others would have told of that were too many within an hour.';
COMMENT ON COLUMN read.emails.ticket_id IS 'The ticket it is about; of a digest only zeros.';
COMMENT ON COLUMN read.emails.ticket_number IS 'The ticket''s number for people; of a digest 0.';
COMMENT ON COLUMN read.emails.cause_version IS 'Version of the ticket whose event it tells of; of a digest 0.';

-- +goose Down
COMMENT ON COLUMN read.emails.cause_version IS 'Version of the ticket whose event it tells of.';
COMMENT ON COLUMN read.emails.ticket_number IS 'The ticket''s number for people.';
COMMENT ON COLUMN read.emails.ticket_id IS 'The ticket it is about.';
COMMENT ON COLUMN read.emails.status IS 'queued, sending, sent, delayed, bounced, blocked, failed, uncertain or cancelled.';
ALTER TABLE read.emails DROP COLUMN digest_id;
