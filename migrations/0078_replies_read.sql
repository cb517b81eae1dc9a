-- +goose Up

-- That the requester replied is known of replies from now on: for those before, whoever
-- wants it rebuilds the projection.
ALTER TABLE read.tickets ADD COLUMN reply uuid;
COMMENT ON COLUMN read.tickets.reply IS 'The requester''s newest public comment, while nobody else commented since and the ticket was neither resolved nor closed since; null: none.';

ALTER TABLE read.ticket_measures ADD COLUMN returns integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN read.ticket_measures.returns IS 'How often it returned from in-progress to open, without an assignee.';
COMMENT ON COLUMN read.ticket_facts.fact IS 'opened, started, resolved, closed, reopened, returned, escalated, deleted, prioritised, assigned, unassigned or first_response (the first public comment by somebody other than the requester).';
COMMENT ON COLUMN read.status_changes.change IS 'opened, started, resolved, closed, reopened, returned, escalated or deleted.';
