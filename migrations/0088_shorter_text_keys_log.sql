-- +goose Up

ALTER TABLE text_keys
    DROP CONSTRAINT text_keys_key_check,
    ADD CONSTRAINT text_keys_key_check CHECK (octet_length(key) IN (16, 32));
COMMENT ON TABLE text_keys IS 'The key of each text that can be redacted, under which it is hidden beside being sealed under its person''s.';
COMMENT ON COLUMN text_keys.key IS 'The key, 16 random bytes, or 32 of older texts; null: destroyed.';

-- Of the streams in a page, those that still grow are few.
ALTER TABLE streams SET (fillfactor = 90);
