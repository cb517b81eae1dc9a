-- +goose Up

-- An email is noted before its own event is written: what it was to tell stands here.
ALTER TABLE saga.digested
    DROP CONSTRAINT digested_pkey,
    ADD PRIMARY KEY (email_id),
    ADD COLUMN kind text NOT NULL DEFAULT '',
    ADD COLUMN ticket_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD COLUMN cause_version integer NOT NULL DEFAULT 0;
CREATE INDEX digested_of ON saga.digested (digest_id);
COMMENT ON COLUMN saga.digested.kind IS 'What it was to tell of; empty: as its events have it, as of the two columns beside.';
COMMENT ON COLUMN saga.digested.ticket_id IS 'The ticket it is about.';
COMMENT ON COLUMN saga.digested.cause_version IS 'Version of the ticket whose event it was to tell of.';

-- +goose Down
DROP INDEX saga.digested_of;
ALTER TABLE saga.digested
    DROP COLUMN cause_version, DROP COLUMN ticket_id, DROP COLUMN kind,
    DROP CONSTRAINT digested_pkey,
    ADD PRIMARY KEY (digest_id, email_id);
