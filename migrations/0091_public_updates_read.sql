-- +goose Up

ALTER TABLE read.tickets ADD COLUMN public_updated_at timestamptz;
COMMENT ON COLUMN read.tickets.public_updated_at IS 'When its newest event occurred that is not about an internal note, where that is another: it is what requesters are shown.';
UPDATE read.tickets AS t SET public_updated_at = p.occurred_at
FROM (
    SELECT t.id, last.internal, said.occurred_at FROM read.tickets AS t
    CROSS JOIN LATERAL (
        SELECT data ->> 'internal' IS NOT DISTINCT FROM 'true' AS internal FROM events
        WHERE stream_id = t.id AND version <= t.version ORDER BY version DESC LIMIT 1
    ) AS last
    CROSS JOIN LATERAL (
        SELECT occurred_at FROM events
        WHERE stream_id = t.id AND version <= t.version AND data ->> 'internal' IS DISTINCT FROM 'true' ORDER BY version DESC LIMIT 1
    ) AS said
    WHERE t.note_events > 0
) AS p
WHERE t.id = p.id AND p.internal;

-- Tables that can neither be gone on with nor back to: they lack the column.
UPDATE rebuilds SET staging_position = NULL, previous_position = NULL WHERE projection = 'ticket_list';
