-- +goose Up

-- What was overdue when it was imported escalates without telling anybody.
ALTER TABLE saga.escalation ADD COLUMN imported_at timestamptz;
COMMENT ON COLUMN saga.escalation.imported_at IS 'When it was imported; null: it was opened here.';
UPDATE saga.escalation AS w SET imported_at = e.recorded_at
FROM events AS e
WHERE e.stream_id = w.ticket_id AND e.version = 1 AND e.actor_kind = 'import';
