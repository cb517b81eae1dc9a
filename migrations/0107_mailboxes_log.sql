-- +goose Up

CREATE TABLE mailboxes (
    id        uuid PRIMARY KEY,
    name      text NOT NULL,
    address   text NOT NULL,
    is_active boolean NOT NULL
);
CREATE UNIQUE INDEX mailboxes_name ON mailboxes (lower(name));
CREATE UNIQUE INDEX mailboxes_address ON mailboxes (lower(address));
COMMENT ON TABLE mailboxes IS 'Index of mailboxes for the write side, kept in the transactions that append their events: names and addresses are unique in it.';
COMMENT ON COLUMN mailboxes.id IS 'Id of the mailbox.';
COMMENT ON COLUMN mailboxes.name IS 'What it is called; unique without regard to case.';
COMMENT ON COLUMN mailboxes.address IS 'Where people write to; unique without regard to case.';
COMMENT ON COLUMN mailboxes.is_active IS 'Whether it takes messages.';
