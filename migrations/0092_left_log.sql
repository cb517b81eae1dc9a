-- +goose Up

-- Of an answer that shows texts it is kept what it is made of, and not the texts.
ALTER TABLE idempotency_keys ADD COLUMN stream_id uuid, ADD COLUMN version integer;
COMMENT ON COLUMN idempotency_keys.stream_id IS 'The stream that the answer shows, as the request left it; null: the answer is in body.';
COMMENT ON COLUMN idempotency_keys.version IS 'At which version that was.';
