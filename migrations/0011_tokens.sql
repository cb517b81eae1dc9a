-- +goose Up

CREATE TABLE tokens (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES accounts (user_id),
    name         text NOT NULL,
    token_hash   bytea NOT NULL UNIQUE,
    read_only    boolean NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz
) WITH (fillfactor = 80);
COMMENT ON TABLE tokens IS 'API tokens. A row ends with its revocation, a changed role or deactivation of its owner.';
COMMENT ON COLUMN tokens.id IS 'Names the token; no secret.';
COMMENT ON COLUMN tokens.user_id IS 'Whose it is, and in whose name it acts.';
COMMENT ON COLUMN tokens.name IS 'What its owner calls it.';
COMMENT ON COLUMN tokens.token_hash IS 'SHA-256 of the random token.';
COMMENT ON COLUMN tokens.read_only IS 'Whether it may only read.';
COMMENT ON COLUMN tokens.created_at IS 'When it was made.';
COMMENT ON COLUMN tokens.expires_at IS 'When it ends by itself; null: never.';
COMMENT ON COLUMN tokens.last_used_at IS 'When it was last used, to the minute; null: never.';
CREATE INDEX tokens_user ON tokens (user_id, created_at, id);
