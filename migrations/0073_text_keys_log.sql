-- +goose Up

CREATE TABLE text_keys (
    position     bigint NOT NULL,
    member       text NOT NULL,
    key          bytea CHECK (octet_length(key) = 32),
    destroyed_at timestamptz,
    PRIMARY KEY (position, member),
    CHECK ((key IS NULL) = (destroyed_at IS NOT NULL))
);
COMMENT ON TABLE text_keys IS 'The key of each text that can be redacted, under which it is sealed once more than under its person''s.';
COMMENT ON COLUMN text_keys.position IS 'Position of the event whose data hold the text.';
COMMENT ON COLUMN text_keys.member IS 'The member of data that holds it.';
COMMENT ON COLUMN text_keys.key IS 'The key, 32 random bytes; null: destroyed.';
COMMENT ON COLUMN text_keys.destroyed_at IS 'When the text was redacted.';
