-- +goose Up

ALTER TABLE accounts ADD COLUMN lookalikes text[];
COMMENT ON COLUMN accounts.lookalikes IS 'What the username looks like (skeletons of UTS 39), in each case; null until the service has filled it in, and for a person who was erased.';
CREATE INDEX accounts_lookalikes ON accounts USING gin (lookalikes);
CREATE INDEX accounts_without_lookalikes ON accounts (user_id) WHERE lookalikes IS NULL;
