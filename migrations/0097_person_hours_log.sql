-- +goose Up

CREATE TABLE person_hours (
    person_id uuid NOT NULL,
    what      text NOT NULL,
    ids       uuid[] NOT NULL,
    taken_at  timestamptz[] NOT NULL,
    PRIMARY KEY (person_id, what)
) WITH (fillfactor = 70);
COMMENT ON TABLE person_hours IS 'What requesters did within the hour, of which they may do so much. A row is removed when its hour is over.';
COMMENT ON COLUMN person_hours.person_id IS 'Who did it.';
COMMENT ON COLUMN person_hours.what IS 'tickets or comments: what they added.';
COMMENT ON COLUMN person_hours.ids IS 'Ids of the commands or tickets: what comes twice counts once.';
COMMENT ON COLUMN person_hours.taken_at IS 'When each of them was counted, by the database clock.';
