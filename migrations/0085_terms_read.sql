-- +goose Up

-- Texts are cut into words by the program, no longer by Postgres: the service rebuilds
-- what it searches. Until that is done the words of before are found as they were, those
-- of new texts as they are from now on.
INSERT INTO rebuilds AS r (projection, run, kind, phase, background, accepts, version)
SELECT name, gen_random_uuid(), 'rebuild', 'waiting', true, true, 2 FROM checkpoints WHERE name = 'ticket_words'
ON CONFLICT (projection) DO UPDATE SET
    run = excluded.run,
    kind = excluded.kind,
    phase = excluded.phase,
    background = excluded.background,
    accepts = excluded.accepts,
    version = excluded.version,
    staging_position = NULL,
    began_at = clock_timestamp(),
    moved_at = clock_timestamp(),
    error = NULL,
    error_position = NULL,
    ended_at = NULL;

COMMENT ON COLUMN read.ticket_search.public_words IS 'Words of title, description and public comments, and its number.';
COMMENT ON COLUMN read.active_search.public_words IS 'Words of title, description and public comments, and its number.';
COMMENT ON COLUMN read.ticket_search.chars IS 'Characters of all its texts; those with terms of more than 10 bytes a character count as more. The first 100,000 are searched.';
