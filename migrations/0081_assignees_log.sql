-- +goose Up

-- Replies of requesters are told to whoever works on the ticket, or to the admins once
-- it was answered.
ALTER TABLE saga.requesters ADD COLUMN assigned_to uuid, ADD COLUMN answered boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN saga.requesters.answered IS 'Whether somebody else ever commented, or it was ever resolved.';
COMMENT ON COLUMN saga.requesters.assigned_to IS 'The assignee; null: nobody.';
UPDATE saga.requesters AS r SET assigned_to = last.assigned_to
FROM (
    SELECT DISTINCT ON (stream_id) stream_id, (data ->> 'assigned_to')::uuid AS assigned_to
    FROM events WHERE type IN ('ticket.assigned', 'ticket.unassigned')
    ORDER BY stream_id, version DESC
) AS last
WHERE r.ticket_id = last.stream_id AND last.assigned_to IS NOT NULL;
UPDATE saga.requesters AS r SET answered = true
FROM read.tickets AS t
WHERE t.id = r.ticket_id AND (t.first_response_at IS NOT NULL OR t.resolved_at IS NOT NULL);
