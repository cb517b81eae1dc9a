-- +goose Up

ALTER TABLE read.mailboxes
    ADD COLUMN imap_url text,
    ADD COLUMN imap_after text;
COMMENT ON COLUMN read.mailboxes.imap_url IS 'Server, user and folder that its messages are fetched from; null: nowhere.';
COMMENT ON COLUMN read.mailboxes.imap_after IS 'What becomes of a message there that was fetched: seen, delete or move:FOLDER; null: nothing is fetched.';
