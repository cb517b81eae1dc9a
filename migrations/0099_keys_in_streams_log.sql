-- +goose Up

-- Where it is written with the version of the stream anyway.
ALTER TABLE streams ADD COLUMN key bytea CHECK (octet_length(key) = 16);
COMMENT ON COLUMN streams.key IS 'Of which come the keys of its texts that are not in text_keys, 16 random bytes; another where a text of it is redacted; null: none needs it.';
UPDATE streams AS s SET key = k.key FROM stream_keys AS k WHERE k.stream_id = s.stream_id;
DROP TABLE stream_keys;
