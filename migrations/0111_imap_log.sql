-- +goose Up

ALTER TABLE mailboxes
    ADD COLUMN imap_url text,
    ADD COLUMN imap_after text,
    ADD COLUMN imap_password bytea;
COMMENT ON COLUMN mailboxes.imap_url IS 'Server, user and folder that its messages are fetched from; null: nowhere.';
COMMENT ON COLUMN mailboxes.imap_after IS 'What becomes of a message there that was fetched: seen, delete or move:FOLDER.';
COMMENT ON COLUMN mailboxes.imap_password IS 'Password of the user there, sealed under the key of the mailbox.';

CREATE TABLE mailbox_places (
    mailbox_id   uuid PRIMARY KEY,
    imap_url     text NOT NULL,
    uid_validity bigint NOT NULL,
    uid          bigint NOT NULL
);
COMMENT ON TABLE mailbox_places IS 'How far the folders of mailboxes were fetched. Without a row, or under another URL or validity, a folder is fetched from its beginning: what is known already is the same message.';
COMMENT ON COLUMN mailbox_places.mailbox_id IS 'The mailbox.';
COMMENT ON COLUMN mailbox_places.imap_url IS 'The folder that the place is of.';
COMMENT ON COLUMN mailbox_places.uid_validity IS 'UIDVALIDITY of the folder (RFC 9051 §2.3.1.1).';
COMMENT ON COLUMN mailbox_places.uid IS 'UID of the last message that is durable here.';
