-- +goose Up

CREATE TABLE read.mailboxes (
    id               uuid PRIMARY KEY,
    name             text NOT NULL,
    address          text NOT NULL,
    default_priority text NOT NULL,
    strangers        text NOT NULL,
    reopen_days      bigint NOT NULL,
    import_before    timestamptz,
    is_active        boolean NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    version          bigint NOT NULL
);
COMMENT ON TABLE read.mailboxes IS 'Addresses of the desk that people write to, and what becomes of what they write there.';
COMMENT ON COLUMN read.mailboxes.id IS 'Id of the mailbox.';
COMMENT ON COLUMN read.mailboxes.name IS 'What it is called.';
COMMENT ON COLUMN read.mailboxes.address IS 'Where people write to.';
COMMENT ON COLUMN read.mailboxes.default_priority IS 'Priority of tickets that it opens: low, medium or high.';
COMMENT ON COLUMN read.mailboxes.strangers IS 'What becomes of messages of people who are not known: accept, quarantine or refuse.';
COMMENT ON COLUMN read.mailboxes.reopen_days IS 'How many days a reply reopens a closed ticket; later it opens another.';
COMMENT ON COLUMN read.mailboxes.import_before IS 'Messages from before are taken over as history; null: none are.';
COMMENT ON COLUMN read.mailboxes.is_active IS 'Whether it takes messages.';
COMMENT ON COLUMN read.mailboxes.created_at IS 'When it was added.';
COMMENT ON COLUMN read.mailboxes.updated_at IS 'When it last changed.';
COMMENT ON COLUMN read.mailboxes.version IS 'Number of its events.';

-- No event from before is of a mailbox.
INSERT INTO checkpoints (name, position) SELECT 'mailbox_list', position FROM log_head WHERE id = 1 AND position > 0
ON CONFLICT (name) DO NOTHING;
