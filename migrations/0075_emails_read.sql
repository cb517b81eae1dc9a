-- +goose Up

COMMENT ON COLUMN read.emails.status IS 'queued, sending, sent, blocked, failed, uncertain or cancelled.';
COMMENT ON COLUMN read.emails.address IS 'Where it went; of one that was not sent, where it would have gone when it was last tried.';
COMMENT ON COLUMN read.emails.error IS 'Why it was not sent, or is not known to be; null: it was, or was not tried.';
