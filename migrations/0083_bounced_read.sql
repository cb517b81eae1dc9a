-- +goose Up

COMMENT ON COLUMN read.emails.status IS 'queued, sending, sent, delayed, bounced, blocked, failed, uncertain or cancelled.';
COMMENT ON COLUMN read.emails.error IS 'Why it was not sent or did not arrive, or is not known to have been sent; null: it was sent, or was not tried.';

-- +goose Down
COMMENT ON COLUMN read.emails.error IS 'Why it was not sent, or is not known to be; null: it was, or was not tried.';
COMMENT ON COLUMN read.emails.status IS 'queued, sending, sent, blocked, failed, uncertain or cancelled.';
