-- +goose Up

COMMENT ON SCHEMA read IS 'Read models: built from the log by the projectors, safe to rebuild, written by nobody else. What analysts may read, and all of it.';

CREATE VIEW read.status_changes AS
SELECT f.position, f.ticket_id, m.number AS ticket_number, f.fact AS change, f.status_before, f.status,
    coalesce(f.priority, f.priority_before) AS priority, coalesce(f.assigned_to, f.assigned_to_before) AS assigned_to,
    f.actor_kind, f.actor_id, f.occurred_at, f.recorded_at
FROM read.ticket_facts AS f JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
WHERE f.status IS DISTINCT FROM f.status_before;
COMMENT ON VIEW read.status_changes IS 'Every change of a ticket''s status, its opening and its deletion among them.';
COMMENT ON COLUMN read.status_changes.position IS 'Position in the log of the event.';
COMMENT ON COLUMN read.status_changes.ticket_id IS 'The ticket; of a deleted one there is no row in read.tickets.';
COMMENT ON COLUMN read.status_changes.ticket_number IS 'Its number for people.';
COMMENT ON COLUMN read.status_changes.change IS 'opened, started, resolved, closed, reopened, escalated or deleted.';
COMMENT ON COLUMN read.status_changes.status_before IS 'Status before; null: it was opened.';
COMMENT ON COLUMN read.status_changes.status IS 'Status after; null: it was deleted.';
COMMENT ON COLUMN read.status_changes.priority IS 'Its priority then.';
COMMENT ON COLUMN read.status_changes.assigned_to IS 'Its assignee then; null: nobody.';
COMMENT ON COLUMN read.status_changes.actor_kind IS 'Who did it: user, token, system, timer or import.';
COMMENT ON COLUMN read.status_changes.actor_id IS 'The person who did it; null: the service itself.';
COMMENT ON COLUMN read.status_changes.occurred_at IS 'When it happened.';
COMMENT ON COLUMN read.status_changes.recorded_at IS 'When the log took it in.';

CREATE VIEW read.assignments AS
SELECT position, ticket_id, ticket_number, assigned_to, assigned_to_before, priority, actor_kind, actor_id, occurred_at, recorded_at, ended_at
FROM (
    SELECT f.position, f.ticket_id, m.number AS ticket_number, f.fact, f.assigned_to, f.assigned_to_before, f.priority,
        f.actor_kind, f.actor_id, f.occurred_at, f.recorded_at,
        lead(f.occurred_at) OVER (PARTITION BY f.ticket_id ORDER BY f.position) AS ended_at
    FROM read.ticket_facts AS f JOIN read.ticket_measures AS m ON m.ticket_id = f.ticket_id
    WHERE f.fact IN ('assigned', 'unassigned', 'deleted')
) AS turns
WHERE fact = 'assigned';
COMMENT ON VIEW read.assignments IS 'Every time a ticket was given to somebody, and until when they had it.';
COMMENT ON COLUMN read.assignments.position IS 'Position in the log of the event.';
COMMENT ON COLUMN read.assignments.ticket_id IS 'The ticket.';
COMMENT ON COLUMN read.assignments.ticket_number IS 'Its number for people.';
COMMENT ON COLUMN read.assignments.assigned_to IS 'Who got it.';
COMMENT ON COLUMN read.assignments.assigned_to_before IS 'Who had it before; null: nobody.';
COMMENT ON COLUMN read.assignments.priority IS 'Its priority then.';
COMMENT ON COLUMN read.assignments.actor_kind IS 'Who gave it: user, token, system, timer or import.';
COMMENT ON COLUMN read.assignments.actor_id IS 'The person who gave it; null: the service itself.';
COMMENT ON COLUMN read.assignments.occurred_at IS 'When they got it.';
COMMENT ON COLUMN read.assignments.recorded_at IS 'When the log took that in.';
COMMENT ON COLUMN read.assignments.ended_at IS 'When somebody else got it, it was taken from them, or it was deleted; null: it is theirs.';

CREATE VIEW read.escalations AS
SELECT position, ticket_id, ticket_number, status_before, priority, assigned_to, actor_kind, actor_id, occurred_at, recorded_at, ended_at
FROM (
    SELECT position, ticket_id, ticket_number, change, status_before, priority, assigned_to, actor_kind, actor_id, occurred_at, recorded_at,
        lead(occurred_at) OVER (PARTITION BY ticket_id ORDER BY position) AS ended_at
    FROM read.status_changes
) AS changes
WHERE change = 'escalated';
COMMENT ON VIEW read.escalations IS 'Every time a ticket escalated, by itself or by somebody, and until when it was so.';
COMMENT ON COLUMN read.escalations.position IS 'Position in the log of the event.';
COMMENT ON COLUMN read.escalations.ticket_id IS 'The ticket.';
COMMENT ON COLUMN read.escalations.ticket_number IS 'Its number for people.';
COMMENT ON COLUMN read.escalations.status_before IS 'Status before: open or in-progress.';
COMMENT ON COLUMN read.escalations.priority IS 'Its priority then.';
COMMENT ON COLUMN read.escalations.assigned_to IS 'Its assignee then; null: nobody.';
COMMENT ON COLUMN read.escalations.actor_kind IS 'timer: it had waited too long; else who escalated it: user, token, system or import.';
COMMENT ON COLUMN read.escalations.actor_id IS 'The person who escalated it; null: nobody did.';
COMMENT ON COLUMN read.escalations.occurred_at IS 'When it escalated.';
COMMENT ON COLUMN read.escalations.recorded_at IS 'When the log took that in.';
COMMENT ON COLUMN read.escalations.ended_at IS 'When its status changed again; null: it is escalated still.';

CREATE VIEW read.daily_stats AS
WITH counted AS (
    SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, priority,
        count(*) FILTER (WHERE fact = 'opened') AS opened,
        count(*) FILTER (WHERE fact = 'resolved') AS resolved,
        count(*) FILTER (WHERE fact = 'reopened') AS reopened,
        count(*) FILTER (WHERE fact = 'escalated') AS escalated,
        count(*) FILTER (WHERE fact = 'closed') AS closed
    FROM read.ticket_facts
    WHERE fact IN ('opened', 'resolved', 'reopened', 'escalated', 'closed')
      AND (next_at IS NULL OR (next_at AT TIME ZONE 'UTC')::date > (occurred_at AT TIME ZONE 'UTC')::date)
    GROUP BY 1, 2
), moved AS (
    SELECT (hour AT TIME ZONE 'UTC')::date AS day, priority, sum(net) AS net
    FROM read.hourly_moves
    WHERE status IN ('open', 'in-progress', 'escalated')
    GROUP BY 1, 2
), days AS (
    SELECT d::date AS day, priority
    FROM (SELECT min(day) AS first, greatest(max(day), (now() AT TIME ZONE 'UTC')::date) AS last FROM counted) AS span
    CROSS JOIN generate_series(first, last, interval '1 day') AS d
    CROSS JOIN unnest(ARRAY['low', 'medium', 'high']) AS priority
)
SELECT day, priority,
    coalesce(opened, 0) AS opened, coalesce(resolved, 0) AS resolved, coalesce(reopened, 0) AS reopened,
    coalesce(escalated, 0) AS escalated, coalesce(closed, 0) AS closed,
    (sum(coalesce(net, 0)) OVER (PARTITION BY priority ORDER BY day))::bigint AS backlog
FROM days LEFT JOIN counted USING (day, priority) LEFT JOIN moved USING (day, priority);
COMMENT ON VIEW read.daily_stats IS 'For each day by UTC and each priority, to how many tickets what happened, from the first ticket until today. Each ticket counts once a day and column, with the priority it then had; deleted ones count.';
COMMENT ON COLUMN read.daily_stats.day IS 'The day, by UTC.';
COMMENT ON COLUMN read.daily_stats.priority IS 'low, medium or high.';
COMMENT ON COLUMN read.daily_stats.opened IS 'Tickets that were opened.';
COMMENT ON COLUMN read.daily_stats.resolved IS 'Tickets that were resolved.';
COMMENT ON COLUMN read.daily_stats.reopened IS 'Tickets that were reopened.';
COMMENT ON COLUMN read.daily_stats.escalated IS 'Tickets that escalated.';
COMMENT ON COLUMN read.daily_stats.closed IS 'Tickets that were closed.';
COMMENT ON COLUMN read.daily_stats.backlog IS 'Tickets open, in progress or escalated at the end of the day; for today: by now.';

CREATE VIEW read.resolution_times AS
SELECT ticket_id, number AS ticket_number, priority, assigned_to, coalesce(status, 'deleted') AS status, opened_at,
    first_response_at, greatest(first_response_at - opened_at, CASE WHEN first_response_at IS NOT NULL THEN interval '0' END) AS first_response_time,
    first_resolved_at, greatest(first_resolved_at - opened_at, CASE WHEN first_resolved_at IS NOT NULL THEN interval '0' END) AS first_resolution_time,
    resolved_at, greatest(resolved_at - opened_at, CASE WHEN resolved_at IS NOT NULL THEN interval '0' END) AS resolution_time,
    reopenings, escalations, assignments,
    open_us * interval '1 microsecond' + CASE WHEN status = 'open' THEN greatest(now() - status_since, interval '0') ELSE interval '0' END AS time_open,
    in_progress_us * interval '1 microsecond' + CASE WHEN status = 'in-progress' THEN greatest(now() - status_since, interval '0') ELSE interval '0' END AS time_in_progress,
    escalated_us * interval '1 microsecond' + CASE WHEN status = 'escalated' THEN greatest(now() - status_since, interval '0') ELSE interval '0' END AS time_escalated,
    resolved_us * interval '1 microsecond' + CASE WHEN status = 'resolved' THEN greatest(now() - status_since, interval '0') ELSE interval '0' END AS time_resolved,
    closed_us * interval '1 microsecond' + CASE WHEN status = 'closed' THEN greatest(now() - status_since, interval '0') ELSE interval '0' END AS time_closed
FROM read.ticket_measures;
COMMENT ON VIEW read.resolution_times IS 'How long each ticket waited for its first response and its resolution, and how long it was in each status; deleted ones too.';
COMMENT ON COLUMN read.resolution_times.ticket_id IS 'The ticket.';
COMMENT ON COLUMN read.resolution_times.ticket_number IS 'Its number for people.';
COMMENT ON COLUMN read.resolution_times.priority IS 'Its priority now, of a deleted ticket the last.';
COMMENT ON COLUMN read.resolution_times.assigned_to IS 'Its assignee now, of a deleted ticket the last; null: nobody.';
COMMENT ON COLUMN read.resolution_times.status IS 'Its status now, or deleted.';
COMMENT ON COLUMN read.resolution_times.opened_at IS 'When it was opened.';
COMMENT ON COLUMN read.resolution_times.first_response_at IS 'First public comment by somebody other than the requester; null: none.';
COMMENT ON COLUMN read.resolution_times.first_response_time IS 'From the opening to the first response.';
COMMENT ON COLUMN read.resolution_times.first_resolved_at IS 'When it was first resolved; null: never.';
COMMENT ON COLUMN read.resolution_times.first_resolution_time IS 'From the opening to the first resolution.';
COMMENT ON COLUMN read.resolution_times.resolved_at IS 'When it was last resolved; null: it never was, or was reopened since.';
COMMENT ON COLUMN read.resolution_times.resolution_time IS 'From the opening to the resolution that stands.';
COMMENT ON COLUMN read.resolution_times.reopenings IS 'How often it was reopened.';
COMMENT ON COLUMN read.resolution_times.escalations IS 'How often it escalated.';
COMMENT ON COLUMN read.resolution_times.assignments IS 'How often it was given to somebody.';
COMMENT ON COLUMN read.resolution_times.time_open IS 'How long it was open, by now.';
COMMENT ON COLUMN read.resolution_times.time_in_progress IS 'How long it was in progress, by now.';
COMMENT ON COLUMN read.resolution_times.time_escalated IS 'How long it was escalated, by now.';
COMMENT ON COLUMN read.resolution_times.time_resolved IS 'How long it was resolved without being closed, by now.';
COMMENT ON COLUMN read.resolution_times.time_closed IS 'How long it was closed, by now.';

CREATE VIEW read.agent_stats AS
WITH given AS (
    SELECT f.assigned_to AS user_id,
        count(DISTINCT f.ticket_id) FILTER (WHERE f.fact = 'assigned') AS assigned,
        count(DISTINCT f.ticket_id) FILTER (WHERE f.fact = 'resolved') AS resolved,
        count(DISTINCT f.ticket_id) FILTER (WHERE f.fact = 'reopened') AS reopened,
        count(DISTINCT f.ticket_id) FILTER (WHERE f.fact = 'escalated') AS escalated
    FROM read.ticket_facts AS f
    WHERE f.fact IN ('assigned', 'resolved', 'reopened', 'escalated')
    GROUP BY 1
), answered AS (
    SELECT actor_id AS user_id, count(*) AS first_responses FROM read.ticket_facts WHERE fact = 'first_response' GROUP BY 1
), held AS (
    SELECT assigned_to AS user_id,
        count(*) FILTER (WHERE status IN ('open', 'in-progress', 'escalated')) AS open_tickets,
        avg(greatest(resolved_at - opened_at, interval '0')) FILTER (WHERE resolved_at IS NOT NULL) AS average_resolution_time,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(resolved_at - opened_at, interval '0'))
            FILTER (WHERE resolved_at IS NOT NULL) AS median_resolution_time
    FROM read.ticket_measures
    GROUP BY 1
)
SELECT u.id AS user_id, u.username, u.role, u.is_active,
    coalesce(h.open_tickets, 0) AS open_tickets, coalesce(g.assigned, 0) AS assigned, coalesce(a.first_responses, 0) AS first_responses,
    coalesce(g.resolved, 0) AS resolved, coalesce(g.reopened, 0) AS reopened, coalesce(g.escalated, 0) AS escalated,
    h.average_resolution_time, h.median_resolution_time
FROM read.users AS u
LEFT JOIN given AS g ON g.user_id = u.id
LEFT JOIN answered AS a ON a.user_id = u.id
LEFT JOIN held AS h ON h.user_id = u.id
WHERE u.role IN ('agent', 'admin') OR g.user_id IS NOT NULL;
COMMENT ON VIEW read.agent_stats IS 'What agents and admins have done, and whoever else ever had a ticket. A ticket counts once a person and column, for whoever had it when it happened; deleted ones count.';
COMMENT ON COLUMN read.agent_stats.user_id IS 'The person.';
COMMENT ON COLUMN read.agent_stats.username IS 'Name to sign in with; [erased] of a person who was erased.';
COMMENT ON COLUMN read.agent_stats.role IS 'Their role now.';
COMMENT ON COLUMN read.agent_stats.is_active IS 'Whether they may sign in.';
COMMENT ON COLUMN read.agent_stats.open_tickets IS 'Tickets of theirs that are open, in progress or escalated now.';
COMMENT ON COLUMN read.agent_stats.assigned IS 'Tickets that were ever given to them.';
COMMENT ON COLUMN read.agent_stats.first_responses IS 'Tickets to which they gave the first response.';
COMMENT ON COLUMN read.agent_stats.resolved IS 'Tickets that were resolved while theirs.';
COMMENT ON COLUMN read.agent_stats.reopened IS 'Tickets that were reopened while theirs.';
COMMENT ON COLUMN read.agent_stats.escalated IS 'Tickets that escalated while theirs.';
COMMENT ON COLUMN read.agent_stats.average_resolution_time IS 'From the opening to the resolution that stands, on average over the tickets that are theirs; null: none is resolved.';
COMMENT ON COLUMN read.agent_stats.median_resolution_time IS 'The same, the one in the middle.';

CREATE VIEW read.projection_status AS
SELECT c.name, c.position, h.position AS head, greatest(h.position - c.position, 0) AS lag, c.moved_at,
    (SELECT count(*) FROM parked_events AS p WHERE p.follower = c.name) AS parked_events,
    CASE WHEN c.position >= h.position THEN 'current'
        WHEN c.moved_at < now() - interval '30 seconds' THEN 'stalled'
        ELSE 'behind' END AS state
FROM checkpoints AS c CROSS JOIN log_head AS h;
COMMENT ON VIEW read.projection_status IS 'How far the tables of this schema, and whatever else follows the log, have come with it.';
COMMENT ON COLUMN read.projection_status.name IS 'The follower: a projector, a process manager or the audit tree.';
COMMENT ON COLUMN read.projection_status.position IS 'Position in the log that it has come to.';
COMMENT ON COLUMN read.projection_status.head IS 'Position of the newest event.';
COMMENT ON COLUMN read.projection_status.lag IS 'Events before it.';
COMMENT ON COLUMN read.projection_status.moved_at IS 'When it last moved.';
COMMENT ON COLUMN read.projection_status.parked_events IS 'Events it could not apply and left aside, with what followed them for the same ticket or person.';
COMMENT ON COLUMN read.projection_status.state IS 'current: it has seen all; behind: it is at work; stalled: it has not moved for 30 seconds with events before it.';
