-- +goose Up

-- What writes need to know is found in the log, whatever projections know: the ticket of a
-- number, and that of a comment. Ids of comments rise with the log, as their times do, so
-- that a summary of each part of it is enough.
CREATE INDEX events_ticket_number ON events (((data ->> 'number')::bigint)) WHERE type = 'ticket.opened';
CREATE INDEX events_comment ON events USING brin (((data ->> 'comment_id')::uuid)) WITH (pages_per_range = 32, autosummarize = on) WHERE type = 'ticket.comment_added';
