-- +goose Up

-- Titles of the past are found by what a redaction left of them too.
DROP INDEX read.ticket_history_title;
CREATE INDEX ticket_history_title ON read.ticket_history USING gin (title gin_trgm_ops)
    WHERE change IN ('ticket.opened', 'ticket.retitled', 'ticket.text_redacted');
