-- +goose Up

-- Who polls the log as an auditor read what they had just caused: the same reading is
-- in the log once an hour.
CREATE TABLE readings (
    user_id     uuid NOT NULL,
    reading     bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, reading)
);
COMMENT ON TABLE readings IS 'What auditors read within the last hour, which is not recorded again; all of it may be forgotten.';
COMMENT ON COLUMN readings.user_id IS 'The auditor.';
COMMENT ON COLUMN readings.reading IS 'SHA-256 of address, path and filters.';
COMMENT ON COLUMN readings.recorded_at IS 'When it was recorded in the log.';

-- +goose Down
DROP TABLE readings;
