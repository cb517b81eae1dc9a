-- +goose Up

-- Who left from now on has their tickets taken back by a process manager, which has
-- nothing to do with what was before.
INSERT INTO checkpoints (name, position) SELECT 'take_back', position FROM log_head WHERE id = 1 AND position > 0
ON CONFLICT (name) DO NOTHING;

-- Who left before and still has tickets, once.
INSERT INTO saga.outbox (id, command, payload, causation_id, correlation_id)
SELECT gen_random_uuid(), 'TakeBackTickets', json_build_object('person', p.user_id), last.event_id, 'upgrade'
FROM saga.people AS p CROSS JOIN LATERAL (
    SELECT event_id FROM events
    WHERE stream_id = p.user_id AND type IN ('user.role_changed', 'user.deactivated', 'user.erased')
    ORDER BY version DESC LIMIT 1
) AS last
WHERE NOT (p.active AND p.role IN ('agent', 'admin'))
  AND EXISTS (SELECT FROM read.tickets AS t WHERE t.assigned_to = p.user_id AND t.status IN ('open', 'in-progress', 'escalated'));
