-- +goose Up

CREATE TABLE answers (
    command_id   uuid PRIMARY KEY,
    fingerprint  text NOT NULL,
    owner        uuid NOT NULL,
    leased_until timestamptz NOT NULL,
    status       smallint,
    header       json,
    body         bytea,
    sealed       boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
COMMENT ON TABLE answers IS 'Requests with an Idempotency-Key and what was answered, so that a repeat gets the same.';
COMMENT ON COLUMN answers.command_id IS 'Made from caller, method, path and key.';
COMMENT ON COLUMN answers.fingerprint IS 'Hash of the body: SHA-256, or argon2id where the body holds a password.';
COMMENT ON COLUMN answers.owner IS 'The attempt that works on it, or answered it.';
COMMENT ON COLUMN answers.leased_until IS 'Until when the attempt has it; later, without an answer, another may take it over.';
COMMENT ON COLUMN answers.status IS 'Status of the answer; null: there is none yet.';
COMMENT ON COLUMN answers.header IS 'Headers of the answer that a repeat gets too.';
COMMENT ON COLUMN answers.body IS 'Body of the answer.';
COMMENT ON COLUMN answers.sealed IS 'Whether the body is encrypted with a key that only the caller''s credential gives.';
COMMENT ON COLUMN answers.created_at IS 'When the first attempt began; the row is removed two days later.';
CREATE INDEX answers_created ON answers (created_at);
