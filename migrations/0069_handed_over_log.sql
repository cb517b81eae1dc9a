-- +goose Up

-- Who hands something to somebody outside, such as an email to a mail server, notes it
-- here just before.
ALTER TABLE saga.outbox ADD COLUMN handed_over integer;
COMMENT ON COLUMN saga.outbox.handed_over IS 'Last attempt of which somebody outside may have taken what there was to take; null: none.';
