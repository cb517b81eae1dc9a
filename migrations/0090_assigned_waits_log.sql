-- +goose Up

-- A ticket in progress that nobody has waits as an open one. None comes to be so any
-- more; the timers of those there are are computed anew at the next start.
ALTER TABLE saga.escalation ADD COLUMN assigned boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN saga.escalation.assigned IS 'Whether it has an assignee. In progress and without one it waits as if it were open.';
UPDATE saga.escalation AS w SET assigned = true
FROM (
    SELECT DISTINCT ON (stream_id) stream_id, type
    FROM events WHERE type IN ('ticket.assigned', 'ticket.unassigned')
    ORDER BY stream_id, version DESC
) AS last
WHERE w.ticket_id = last.stream_id AND last.type = 'ticket.assigned';
DELETE FROM saga.policies WHERE saga = 'escalation';
