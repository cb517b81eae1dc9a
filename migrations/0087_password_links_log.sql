-- +goose Up

CREATE TABLE password_links (
    user_id    uuid PRIMARY KEY REFERENCES accounts (user_id),
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE password_links IS 'Links by which people set their password, at most one each. A row ends with its use, another link, a changed password or deactivation.';
COMMENT ON COLUMN password_links.user_id IS 'Whose password it sets.';
COMMENT ON COLUMN password_links.token_hash IS 'SHA-256 of the random token in the link.';
COMMENT ON COLUMN password_links.created_at IS 'When an admin or an operator made it.';
COMMENT ON COLUMN password_links.expires_at IS 'When it ends by itself.';
