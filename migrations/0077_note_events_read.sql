-- +goose Up

ALTER TABLE read.tickets ADD COLUMN note_events integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN read.tickets.note_events IS 'How many of its events are about internal notes: requesters count versions without them.';
UPDATE read.tickets AS t SET note_events = n.events
FROM (SELECT stream_id, count(*) AS events FROM events
    WHERE stream_type = 'ticket' AND data ->> 'internal' = 'true' GROUP BY stream_id) AS n
WHERE t.id = n.stream_id;

-- Tables that cannot be gone back to: they lack the column.
UPDATE rebuilds SET previous_position = NULL WHERE projection = 'ticket_list';
