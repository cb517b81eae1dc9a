-- +goose Up

ALTER TABLE uploads ADD COLUMN scanned boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN uploads.scanned IS 'Whether something looked for malware in it, and found none.';
