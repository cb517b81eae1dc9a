-- +goose Up

CREATE SCHEMA blobs;
COMMENT ON SCHEMA blobs IS 'The bytes of attachments, sealed, where they are kept in the database.';

CREATE TABLE blobs.blobs (
    id       uuid PRIMARY KEY,
    size     bigint,
    begun_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE blobs.blobs IS 'Sealed files.';
COMMENT ON COLUMN blobs.blobs.id IS 'Id of the attachment.';
COMMENT ON COLUMN blobs.blobs.size IS 'How many bytes it has, sealed; null: it is not whole.';
COMMENT ON COLUMN blobs.blobs.begun_at IS 'When its first byte came.';

CREATE TABLE blobs.chunks (
    id    uuid NOT NULL REFERENCES blobs.blobs (id) ON DELETE CASCADE,
    nth   integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (id, nth)
);
ALTER TABLE blobs.chunks ALTER COLUMN bytes SET STORAGE EXTERNAL; -- what is sealed does not compress
COMMENT ON TABLE blobs.chunks IS 'Pieces of sealed files, 256 KiB each but the last.';
COMMENT ON COLUMN blobs.chunks.id IS 'Which file.';
COMMENT ON COLUMN blobs.chunks.nth IS 'Its place in it, from 0.';
COMMENT ON COLUMN blobs.chunks.bytes IS 'The piece.';

CREATE TABLE uploads (
    id            uuid PRIMARY KEY,
    uploaded_by   uuid NOT NULL,
    sealed_key    bytea,
    sealed_name   bytea,
    content_type  text NOT NULL,
    declared_type text NOT NULL,
    size          bigint NOT NULL,
    digest        text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    attached_to   uuid,
    doomed_at     timestamptz,
    CHECK ((doomed_at IS NULL) = (sealed_key IS NOT NULL AND sealed_name IS NOT NULL))
);
CREATE INDEX uploads_by ON uploads (uploaded_by);
CREATE INDEX uploads_loose ON uploads (created_at) WHERE attached_to IS NULL OR doomed_at IS NOT NULL;
COMMENT ON TABLE uploads IS 'Files that people brought, with the keys of their bytes. A row ends once the bytes of its file are gone: removed, erased, or not attached within a day.';
COMMENT ON COLUMN uploads.id IS 'Id of the attachment, and of its bytes in the store.';
COMMENT ON COLUMN uploads.uploaded_by IS 'Who brought it.';
COMMENT ON COLUMN uploads.sealed_key IS 'The key of its bytes, sealed under that of who brought it; null: destroyed.';
COMMENT ON COLUMN uploads.sealed_name IS 'What it is called, sealed under the key of who brought it; null: destroyed.';
COMMENT ON COLUMN uploads.content_type IS 'Media type, as its bytes have it.';
COMMENT ON COLUMN uploads.declared_type IS 'Media type as its sender called it; empty: not at all.';
COMMENT ON COLUMN uploads.size IS 'How many bytes it has when it is open.';
COMMENT ON COLUMN uploads.digest IS 'SHA-256 of its bytes as they are stored, sealed; hexadecimal.';
COMMENT ON COLUMN uploads.created_at IS 'When its last byte had come.';
COMMENT ON COLUMN uploads.attached_to IS 'The ticket it is attached to; null: to none yet.';
COMMENT ON COLUMN uploads.doomed_at IS 'Since when its key is destroyed, and its bytes wait to be; null: it can be read.';
