-- +goose Up

ALTER TABLE read.attachments ADD COLUMN scanned boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN read.attachments.scanned IS 'Whether something looked for malware in it when it came, and found none.';
