-- +goose Up

ALTER TABLE uploads ADD COLUMN sealed_thumbnail bytea;
COMMENT ON COLUMN uploads.sealed_thumbnail IS 'A small image of it, sealed under the key of who brought it, empty where none can be made; null: nobody wanted it yet, or its key is destroyed.';
