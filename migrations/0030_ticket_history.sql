-- +goose Up

CREATE TABLE read.ticket_history (
    ticket_id   uuid NOT NULL,
    version     integer NOT NULL,
    position    bigint NOT NULL,
    number      bigint NOT NULL,
    title       text NOT NULL,
    title_by    uuid,
    priority    text NOT NULL,
    status      text NOT NULL,
    created_by  uuid NOT NULL,
    assigned_to uuid,
    created_at  timestamptz NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz,
    known_from  timestamptz NOT NULL,
    known_to    timestamptz,
    change      text NOT NULL,
    caused_by   uuid NOT NULL,
    PRIMARY KEY (ticket_id, version)
);
COMMENT ON TABLE read.ticket_history IS 'Every ticket as it was: a row for each interval in which neither its title, priority, status, assignee nor its existence changed. Comments and descriptions begin none. An interval that ended in the append it began with was true at no instant: known_from = known_to.';
COMMENT ON COLUMN read.ticket_history.ticket_id IS 'The ticket.';
COMMENT ON COLUMN read.ticket_history.version IS 'Version of the ticket with which the interval began; 1: it was opened.';
COMMENT ON COLUMN read.ticket_history.position IS 'Position in the log of the event that began it.';
COMMENT ON COLUMN read.ticket_history.number IS 'The ticket''s number for people.';
COMMENT ON COLUMN read.ticket_history.title IS 'Its title then.';
COMMENT ON COLUMN read.ticket_history.title_by IS 'Whose text the title is; null: nobody''s.';
COMMENT ON COLUMN read.ticket_history.priority IS 'low, medium or high.';
COMMENT ON COLUMN read.ticket_history.status IS 'open, in-progress, resolved, closed or escalated.';
COMMENT ON COLUMN read.ticket_history.created_by IS 'The requester.';
COMMENT ON COLUMN read.ticket_history.assigned_to IS 'The assignee then; null: nobody.';
COMMENT ON COLUMN read.ticket_history.created_at IS 'When the ticket was opened.';
COMMENT ON COLUMN read.ticket_history.valid_from IS 'When what began the interval happened.';
COMMENT ON COLUMN read.ticket_history.valid_to IS 'When what ended it happened; null: it is so still.';
COMMENT ON COLUMN read.ticket_history.known_from IS 'When the log took in what began it.';
COMMENT ON COLUMN read.ticket_history.known_to IS 'When the log took in what ended it; null: it is so still.';
COMMENT ON COLUMN read.ticket_history.change IS 'Stored name of the event that began it.';
COMMENT ON COLUMN read.ticket_history.caused_by IS 'Id of that event.';
-- What never changes of a ticket is looked up among the rows of its opening,
-- one a ticket; what does, among all. That known_from and known_to are in an
-- index leaves out, without a look at the table, what is not of the instant asked
-- for: of the tickets that once were open, hardly any are open at an instant.
CREATE INDEX ticket_history_created ON read.ticket_history (created_at, ticket_id, known_from) WHERE version = 1;
CREATE INDEX ticket_history_number ON read.ticket_history (number, ticket_id, known_from) WHERE version = 1;
CREATE INDEX ticket_history_requester ON read.ticket_history (created_by, created_at, ticket_id) WHERE version = 1;
CREATE INDEX ticket_history_status ON read.ticket_history (status, created_at, ticket_id, known_from, (coalesce(known_to, 'infinity')));
CREATE INDEX ticket_history_assignee ON read.ticket_history (assigned_to, created_at, ticket_id, known_from, (coalesce(known_to, 'infinity')));
CREATE INDEX ticket_history_priority ON read.ticket_history
    ((CASE priority WHEN 'low' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END), ticket_id, known_from, (coalesce(known_to, 'infinity')));
CREATE INDEX ticket_history_title ON read.ticket_history USING gin (title gin_trgm_ops)
    WHERE change IN ('ticket.opened', 'ticket.retitled');
