-- +goose Up

CREATE TABLE stream_keys (
    stream_id uuid PRIMARY KEY,
    key       bytea NOT NULL CHECK (octet_length(key) = 16)
);
COMMENT ON TABLE stream_keys IS 'The key of each stream, of which come those of its texts that are not in text_keys. A row ends where a text of the stream is redacted.';
COMMENT ON COLUMN stream_keys.stream_id IS 'The stream.';
COMMENT ON COLUMN stream_keys.key IS 'The key, 16 random bytes.';
COMMENT ON TABLE text_keys IS 'Keys of texts that can be redacted, under which they are hidden beside being sealed under their person''s: of those that do not come of the key of their stream.';
COMMENT ON COLUMN text_keys.key IS 'The key, 16 bytes, or 32 of older texts; null: destroyed.';
