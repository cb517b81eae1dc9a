-- +goose Up

-- Replies of requesters are told to whoever works on the ticket.
ALTER TABLE saga.requesters ADD COLUMN assigned_to uuid;
COMMENT ON COLUMN saga.requesters.assigned_to IS 'The assignee; null: nobody.';
UPDATE saga.requesters AS r SET assigned_to = last.assigned_to
FROM (
    SELECT DISTINCT ON (stream_id) stream_id, (data ->> 'assigned_to')::uuid AS assigned_to
    FROM events WHERE type IN ('ticket.assigned', 'ticket.unassigned')
    ORDER BY stream_id, version DESC
) AS last
WHERE r.ticket_id = last.stream_id AND last.assigned_to IS NOT NULL;
