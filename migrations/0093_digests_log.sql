-- +goose Up

CREATE TABLE saga.email_hours (
    recipient bytea PRIMARY KEY,
    emails    uuid[] NOT NULL,
    let_at    timestamptz[] NOT NULL,
    digest_id uuid,
    gathered  integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
COMMENT ON TABLE saga.email_hours IS 'The emails that an address was sent, or was to be, within the hour: how many more it may get. A row is removed when its hour is over.';
COMMENT ON COLUMN saga.email_hours.recipient IS 'SHA-256 of the mail address, in lower case and without what follows a plus sign.';
COMMENT ON COLUMN saga.email_hours.emails IS 'The emails that were let go.';
COMMENT ON COLUMN saga.email_hours.let_at IS 'When each of them was, by the database clock.';
COMMENT ON COLUMN saga.email_hours.digest_id IS 'The digest that gathers what is too many; null: none does.';
COMMENT ON COLUMN saga.email_hours.gathered IS 'How many emails that digest tells of by now.';

CREATE TABLE saga.digested (
    digest_id uuid NOT NULL,
    email_id  uuid NOT NULL,
    PRIMARY KEY (digest_id, email_id)
);
COMMENT ON TABLE saga.digested IS 'Which emails a digest tells of, for good: it may be sent again.';
COMMENT ON COLUMN saga.digested.digest_id IS 'The digest, an email itself.';
COMMENT ON COLUMN saga.digested.email_id IS 'An email that was not sent by itself.';
