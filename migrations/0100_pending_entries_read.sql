-- +goose Up

-- What is pending in a GIN index is read by every search, takes its pages for good, and
-- holds up the write that has to clear it: a quarter of the usual 4 MB will do.
ALTER INDEX read.tickets_title SET (gin_pending_list_limit = 1024);
ALTER INDEX read.ticket_history_title SET (gin_pending_list_limit = 1024);
ALTER INDEX read.ticket_search_public SET (gin_pending_list_limit = 1024);
ALTER INDEX read.ticket_search_all SET (gin_pending_list_limit = 1024);

-- As of common facts: each of the two fills its own index from the left to the right.
DROP INDEX read.ticket_history_done;
CREATE INDEX ticket_history_resolved ON read.ticket_history (created_at, known_from, (coalesce(known_to, 'infinity'))) WHERE status = 'resolved';
CREATE INDEX ticket_history_closed ON read.ticket_history (created_at, known_from, (coalesce(known_to, 'infinity'))) WHERE status = 'closed';

-- Tables whose indexes are others are neither gone on with nor back to.
UPDATE rebuilds SET staging_position = NULL, previous_position = NULL WHERE projection IN ('ticket_history', 'ticket_list', 'ticket_words');
