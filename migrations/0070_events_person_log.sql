-- +goose Up

-- By the person alone, whose events then share one entry a page of the index: with the
-- stream it had an entry for each event. Only an erasure asks for it.
DROP INDEX events_person;
CREATE INDEX events_person ON events (person_id) WHERE person_id IS NOT NULL;

-- +goose Down
DROP INDEX events_person;
CREATE INDEX events_person ON events (person_id, stream_id) WHERE person_id IS NOT NULL;
