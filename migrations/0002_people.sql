-- +goose Up

CREATE TABLE accounts (
    user_id             uuid PRIMARY KEY,
    username            text NOT NULL,
    email               text NOT NULL,
    role                text NOT NULL,
    is_active           boolean NOT NULL,
    password_hash       text NOT NULL,
    password_changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE accounts IS 'The write side''s index of users: what must be unique, counted or secret; written in the transaction that appends their events.';
COMMENT ON COLUMN accounts.user_id IS 'Id of the user''s stream.';
COMMENT ON COLUMN accounts.username IS 'As registered; unique without regard to case.';
COMMENT ON COLUMN accounts.email IS 'Current address; unique without regard to case.';
COMMENT ON COLUMN accounts.role IS 'user, agent, admin or auditor.';
COMMENT ON COLUMN accounts.is_active IS 'Whether the person may sign in.';
COMMENT ON COLUMN accounts.password_hash IS 'argon2id, in the PHC string format.';
COMMENT ON COLUMN accounts.password_changed_at IS 'When the password was last set.';
CREATE UNIQUE INDEX accounts_username ON accounts (lower(username));
CREATE UNIQUE INDEX accounts_email ON accounts (lower(email));
CREATE INDEX accounts_active_admins ON accounts (user_id) WHERE role = 'admin' AND is_active;

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES accounts (user_id),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE sessions IS 'Who is signed in. A row ends with its sign-out, a changed password or deactivation.';
COMMENT ON COLUMN sessions.token_hash IS 'SHA-256 of the cookie''s random token.';
COMMENT ON COLUMN sessions.user_id IS 'The person.';
COMMENT ON COLUMN sessions.created_at IS 'When they signed in.';
COMMENT ON COLUMN sessions.expires_at IS 'When the session ends by itself.';
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);
