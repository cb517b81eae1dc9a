-- +goose Up

-- Until now a ticket was deleted once and for good.
ALTER TABLE read.ticket_measures
    ADD COLUMN deletions integer NOT NULL DEFAULT 0,
    ADD COLUMN restorations integer NOT NULL DEFAULT 0,
    ADD COLUMN deleted_status text;
UPDATE read.ticket_measures AS m SET deletions = 1, deleted_status = f.status_before
FROM read.ticket_facts AS f
WHERE f.ticket_id = m.ticket_id AND f.fact = 'deleted' AND m.status IS NULL;
COMMENT ON COLUMN read.ticket_measures.deletions IS 'How often it was deleted.';
COMMENT ON COLUMN read.ticket_measures.restorations IS 'How often it was restored.';
COMMENT ON COLUMN read.ticket_measures.deleted_status IS 'Status that a deleted ticket had last; null: it is not deleted.';

COMMENT ON COLUMN read.ticket_facts.fact IS 'opened, started, resolved, closed, reopened, returned, escalated, deleted, restored, prioritised, assigned, unassigned or first_response (the first public comment by somebody other than the requester).';
COMMENT ON COLUMN read.ticket_facts.status_before IS 'Status before; null: there was no ticket, or it was deleted.';
COMMENT ON COLUMN read.ticket_facts.priority_before IS 'Priority before; null: there was no ticket, or it was deleted.';
COMMENT ON COLUMN read.ticket_facts.assigned_to_before IS 'Assignee before; null: nobody, or the ticket was deleted.';
COMMENT ON COLUMN read.status_changes.change IS 'opened, started, resolved, closed, reopened, returned, escalated, deleted or restored.';
COMMENT ON COLUMN read.status_changes.status_before IS 'Status before; null: it was opened, or restored.';
COMMENT ON VIEW read.status_changes IS 'Every change of a ticket''s status, its opening, its deletion and its restoration among them.';

-- A deletion that was undone ends nothing.
CREATE OR REPLACE VIEW read.assignments AS
SELECT position, ticket_id, ticket_number, assigned_to, assigned_to_before, priority, actor_kind, actor_id, occurred_at, recorded_at, ended_at
FROM (
    SELECT f.position, f.ticket_id, m.number AS ticket_number, f.fact, f.assigned_to, f.assigned_to_before, f.priority,
        f.actor_kind, f.actor_id, f.occurred_at, f.recorded_at,
        lead(f.occurred_at) OVER (PARTITION BY f.ticket_id ORDER BY f.position) AS ended_at
    FROM read.ticket_facts AS f JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
    WHERE f.fact IN ('assigned', 'unassigned', 'deleted')
      AND (f.fact <> 'deleted' OR NOT EXISTS (
        SELECT FROM read.ticket_facts AS r WHERE r.ticket_id = f.ticket_id AND r.fact = 'restored' AND r.position > f.position))
) AS turns
WHERE fact = 'assigned';
COMMENT ON COLUMN read.assignments.ended_at IS 'When somebody else got it, it was taken from them, or it was deleted and not restored; null: it is theirs.';

CREATE OR REPLACE VIEW read.escalations AS
SELECT position, ticket_id, ticket_number, status_before, priority, assigned_to, actor_kind, actor_id, occurred_at, recorded_at, ended_at
FROM (
    SELECT c.position, c.ticket_id, c.ticket_number, c.change, c.status_before, c.priority, c.assigned_to, c.actor_kind, c.actor_id, c.occurred_at, c.recorded_at,
        lead(c.occurred_at) OVER (PARTITION BY c.ticket_id ORDER BY c.position) AS ended_at
    FROM read.status_changes AS c
    WHERE c.change <> 'restored'
      AND (c.change <> 'deleted' OR NOT EXISTS (
        SELECT FROM read.ticket_facts AS r WHERE r.ticket_id = c.ticket_id AND r.fact = 'restored' AND r.position > c.position))
) AS changes
WHERE change = 'escalated';
COMMENT ON COLUMN read.escalations.ended_at IS 'When its status changed again; null: it is escalated still.';

-- A title may have been redacted while its ticket was deleted.
DROP INDEX read.ticket_history_title;
CREATE INDEX ticket_history_title ON read.ticket_history USING gin (title gin_trgm_ops)
    WHERE change IN ('ticket.opened', 'ticket.retitled', 'ticket.text_redacted', 'ticket.restored');
