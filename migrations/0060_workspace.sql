-- +goose Up

CREATE TABLE saved_views (
    user_id    uuid NOT NULL REFERENCES accounts (user_id),
    name       text NOT NULL,
    query      text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, name)
);
COMMENT ON TABLE saved_views IS 'Views of the queue that people keep for themselves. A row ends when its owner removes it or is erased.';
COMMENT ON COLUMN saved_views.user_id IS 'Whose it is.';
COMMENT ON COLUMN saved_views.name IS 'What its owner calls it.';
COMMENT ON COLUMN saved_views.query IS 'The filters and the order, as the query of the address of the page.';
COMMENT ON COLUMN saved_views.created_at IS 'When it was saved, or last saved over.';

-- Worth nothing after a crash, and written every few seconds: no write-ahead log.
CREATE UNLOGGED TABLE ticket_viewers (
    ticket_id uuid NOT NULL,
    user_id   uuid NOT NULL REFERENCES accounts (user_id),
    seen_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ticket_id, user_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE ticket_viewers IS 'Who has the page of a ticket open. A row that is old says nothing and is removed.';
COMMENT ON COLUMN ticket_viewers.ticket_id IS 'The ticket.';
COMMENT ON COLUMN ticket_viewers.user_id IS 'Who looks at it.';
COMMENT ON COLUMN ticket_viewers.seen_at IS 'When their page last said so.';
CREATE INDEX ticket_viewers_seen ON ticket_viewers (seen_at);
