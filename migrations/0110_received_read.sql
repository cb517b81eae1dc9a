-- +goose Up

CREATE TABLE read.inbound_messages (
    id           uuid PRIMARY KEY,
    mailbox_id   uuid NOT NULL,
    sender_id    uuid NOT NULL,
    message_id   text NOT NULL,
    from_address text NOT NULL,
    to_addresses text NOT NULL,
    subject      text NOT NULL,
    size         bigint NOT NULL,
    truncated    boolean NOT NULL,
    verdict      text NOT NULL,
    reason       text NOT NULL,
    detail       text NOT NULL,
    ticket_id    uuid,
    comment_id   uuid,
    email_id     uuid,
    received_at  timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    version      bigint NOT NULL
);
CREATE INDEX inbound_messages_received ON read.inbound_messages (received_at, id);
CREATE INDEX inbound_messages_ticket ON read.inbound_messages (ticket_id, received_at, id) WHERE ticket_id IS NOT NULL;
CREATE INDEX inbound_messages_from ON read.inbound_messages (lower(from_address), received_at, id);
CREATE INDEX inbound_messages_sender ON read.inbound_messages (sender_id);
COMMENT ON TABLE read.inbound_messages IS 'Emails that people and machines sent to the desk, and what became of each.';
COMMENT ON COLUMN read.inbound_messages.id IS 'Id of the message.';
COMMENT ON COLUMN read.inbound_messages.mailbox_id IS 'The mailbox it came into.';
COMMENT ON COLUMN read.inbound_messages.sender_id IS 'Who sent it: a user, or an id by which they may become one.';
COMMENT ON COLUMN read.inbound_messages.message_id IS 'Its Message-ID; empty: it has none.';
COMMENT ON COLUMN read.inbound_messages.from_address IS 'The address it says it is from; empty: it says none.';
COMMENT ON COLUMN read.inbound_messages.to_addresses IS 'The addresses in To and Cc, with commas between them.';
COMMENT ON COLUMN read.inbound_messages.subject IS 'Its subject.';
COMMENT ON COLUMN read.inbound_messages.size IS 'How many bytes are kept of it.';
COMMENT ON COLUMN read.inbound_messages.truncated IS 'Whether it was too large, so that its header alone is kept.';
COMMENT ON COLUMN read.inbound_messages.verdict IS 'What became of it; empty: it is not judged yet.';
COMMENT ON COLUMN read.inbound_messages.reason IS 'The rule that led to the verdict.';
COMMENT ON COLUMN read.inbound_messages.detail IS 'The reason in a sentence.';
COMMENT ON COLUMN read.inbound_messages.ticket_id IS 'The ticket that it opened, or is in.';
COMMENT ON COLUMN read.inbound_messages.comment_id IS 'The comment that it became.';
COMMENT ON COLUMN read.inbound_messages.email_id IS 'The email of the desk that it reports on.';
COMMENT ON COLUMN read.inbound_messages.received_at IS 'When it came.';
COMMENT ON COLUMN read.inbound_messages.updated_at IS 'When something last became of it.';
COMMENT ON COLUMN read.inbound_messages.version IS 'Number of its events.';

-- No event from before is of a message.
INSERT INTO checkpoints (name, position) SELECT name, position FROM log_head, unnest(ARRAY['inbound_ledger', 'inbound']) AS f (name)
WHERE id = 1 AND position > 0
ON CONFLICT (name) DO NOTHING;
