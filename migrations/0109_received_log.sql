-- +goose Up

CREATE TABLE senders (
    address text PRIMARY KEY,
    id      uuid NOT NULL UNIQUE
);
COMMENT ON TABLE senders IS 'Addresses that wrote to the desk and belonged to nobody, with the id by which they become a contact, and under whose key what they wrote is sealed.';
COMMENT ON COLUMN senders.address IS 'The address, in lower case.';
COMMENT ON COLUMN senders.id IS 'Id of the person.';

CREATE TABLE received (
    id         uuid PRIMARY KEY,
    mailbox_id uuid NOT NULL,
    sender_id  uuid NOT NULL,
    at         timestamptz NOT NULL,
    digest     bytea,
    content    bytea,
    message_id bytea,
    ticket_id  uuid
);
CREATE UNIQUE INDEX received_digest ON received (mailbox_id, digest) WHERE digest IS NOT NULL;
CREATE INDEX received_content ON received (mailbox_id, content) WHERE content IS NOT NULL;
CREATE INDEX received_message_id ON received (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX received_sender ON received (sender_id, mailbox_id, at);
COMMENT ON TABLE received IS 'Index of messages that came in, for the write side, kept in the transactions that append their events: each is there once, and found by what others refer to it by. Digests of what an erased person wrote are gone.';
COMMENT ON COLUMN received.id IS 'Id of the message, and of its bytes in the store.';
COMMENT ON COLUMN received.mailbox_id IS 'The mailbox it came into.';
COMMENT ON COLUMN received.sender_id IS 'Who sent it.';
COMMENT ON COLUMN received.at IS 'When it came.';
COMMENT ON COLUMN received.digest IS 'SHA-256 of the message; null: its sender was erased.';
COMMENT ON COLUMN received.content IS 'SHA-256 of its body and of what of its header does not change on its way; null: it is not whole, or its sender was erased.';
COMMENT ON COLUMN received.message_id IS 'SHA-256 of its Message-ID; null: it has none, or its sender was erased.';
COMMENT ON COLUMN received.ticket_id IS 'The ticket that it is in; null: none.';
