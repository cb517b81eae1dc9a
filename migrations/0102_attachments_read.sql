-- +goose Up

CREATE TABLE read.attachments (
    id            uuid PRIMARY KEY,
    ticket_id     uuid NOT NULL,
    comment_id    uuid,
    filename      text NOT NULL,
    content_type  text NOT NULL,
    declared_type text NOT NULL,
    size          bigint NOT NULL,
    digest        text NOT NULL,
    added_by      uuid NOT NULL,
    internal      boolean NOT NULL,
    created_at    timestamptz NOT NULL,
    removed_at    timestamptz
);
CREATE INDEX attachments_ticket ON read.attachments (ticket_id, created_at, id);
CREATE INDEX attachments_by ON read.attachments (added_by);
CREATE INDEX attachments_comment ON read.attachments (comment_id) WHERE comment_id IS NOT NULL;
COMMENT ON TABLE read.attachments IS 'Files of tickets and comments that are there, without their bytes.';
COMMENT ON COLUMN read.attachments.id IS 'Id of the attachment.';
COMMENT ON COLUMN read.attachments.ticket_id IS 'The ticket it is on.';
COMMENT ON COLUMN read.attachments.comment_id IS 'The comment it is of; null: the ticket was opened with it.';
COMMENT ON COLUMN read.attachments.filename IS 'What it is called.';
COMMENT ON COLUMN read.attachments.content_type IS 'Media type, as its bytes have it.';
COMMENT ON COLUMN read.attachments.declared_type IS 'Media type as its sender called it; empty: not at all.';
COMMENT ON COLUMN read.attachments.size IS 'How many bytes it has.';
COMMENT ON COLUMN read.attachments.digest IS 'SHA-256 of its bytes as they are stored, which is sealed; hexadecimal.';
COMMENT ON COLUMN read.attachments.added_by IS 'Who brought it.';
COMMENT ON COLUMN read.attachments.internal IS 'Whether it is of an internal note.';
COMMENT ON COLUMN read.attachments.created_at IS 'When it was attached.';
COMMENT ON COLUMN read.attachments.removed_at IS 'When its bytes were destroyed; null: they are there.';

ALTER TABLE read.tickets
    ADD COLUMN public_attachments integer NOT NULL DEFAULT 0,
    ADD COLUMN internal_attachments integer NOT NULL DEFAULT 0,
    ADD COLUMN attached boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN read.tickets.public_attachments IS 'How many files it has, those of public comments included.';
COMMENT ON COLUMN read.tickets.internal_attachments IS 'How many files its internal notes have.';
COMMENT ON COLUMN read.tickets.attached IS 'Whether there ever was a file.';

-- No event from before is of a file.
INSERT INTO checkpoints (name, position) SELECT 'attachment_list', position FROM log_head WHERE id = 1 AND position > 0
ON CONFLICT (name) DO NOTHING;
