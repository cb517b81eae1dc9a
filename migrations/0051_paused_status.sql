-- +goose Up

CREATE OR REPLACE VIEW read.projection_status AS
SELECT c.name, c.position, h.position AS head, greatest(h.position - c.position, 0) AS lag, c.moved_at,
    (SELECT count(*) FROM parked_events AS p WHERE p.follower = c.name) AS parked_events,
    CASE WHEN c.paused_at IS NOT NULL THEN 'paused'
        WHEN c.position >= h.position THEN 'current'
        WHEN c.moved_at < now() - interval '30 seconds' THEN 'stalled'
        ELSE 'behind' END AS state
FROM checkpoints AS c CROSS JOIN log_head AS h;
COMMENT ON COLUMN read.projection_status.state IS 'current: it has seen all; behind: it is at work; paused: an operator holds it; stalled: it has not moved for 30 seconds with events before it.';
