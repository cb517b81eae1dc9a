-- +goose Up

ALTER TABLE events ADD COLUMN person_id uuid;
COMMENT ON COLUMN events.person_id IS 'Whose texts are in data, sealed under their key; null: nobody''s, and nothing in data is sealed.';
-- What an erasure has to look for.
CREATE INDEX events_person ON events (person_id, stream_id) WHERE person_id IS NOT NULL;

CREATE TABLE person_keys (
    person_id    uuid PRIMARY KEY,
    wrapped_key  bytea,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    destroyed_at timestamptz,
    CHECK ((wrapped_key IS NULL) = (destroyed_at IS NOT NULL))
);
COMMENT ON TABLE person_keys IS 'The key of each person, under which their texts in events are sealed.';
COMMENT ON COLUMN person_keys.person_id IS 'The person.';
COMMENT ON COLUMN person_keys.wrapped_key IS 'The key, encrypted under the master key, which is not in the database; null: destroyed.';
COMMENT ON COLUMN person_keys.created_at IS 'When the key was made.';
COMMENT ON COLUMN person_keys.destroyed_at IS 'When it was destroyed, and with it all that was sealed under it.';
CREATE INDEX person_keys_destroyed ON person_keys (destroyed_at) WHERE destroyed_at IS NOT NULL;

CREATE TABLE master_key (
    id          smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    fingerprint text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE master_key IS 'One row: which master key the keys of people are wrapped with.';
COMMENT ON COLUMN master_key.id IS 'Always 1.';
COMMENT ON COLUMN master_key.fingerprint IS 'Tells the master key from others; it says nothing else of it.';
COMMENT ON COLUMN master_key.created_at IS 'When it was first used.';
