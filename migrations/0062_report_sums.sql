-- +goose Up

-- Reports count from other tables now, which are built from the log anew by a
-- follower of another name: an older process may still be at the old one.
DELETE FROM rebuilds WHERE projector = 'ticket_measures';
DELETE FROM parked_events WHERE follower = 'ticket_measures';
DELETE FROM checkpoints WHERE name = 'ticket_measures';
DROP TABLE IF EXISTS read_next.ticket_facts, read_next.ticket_measures, read_next.hourly_facts, read_next.hourly_moves;
DROP TABLE IF EXISTS read_kept.ticket_facts, read_kept.ticket_measures, read_kept.hourly_facts, read_kept.hourly_moves;
TRUNCATE read.ticket_facts, read.ticket_measures;

ALTER TABLE read.ticket_facts
    ADD COLUMN wait_us bigint,
    ADD COLUMN agent_id uuid,
    ADD COLUMN agent_next_at timestamptz,
    ADD COLUMN came_position bigint,
    ADD COLUMN came_at timestamptz;
COMMENT ON COLUMN read.ticket_facts.wait_us IS 'Microseconds from the opening to a first response or a resolution, never below zero; null: neither.';
COMMENT ON COLUMN read.ticket_facts.agent_id IS 'Whom the report on agents counts it for: who gave the first response, and of assigned, resolved, reopened and escalated the assignee after it; null: nobody, or another fact.';
COMMENT ON COLUMN read.ticket_facts.agent_next_at IS 'When the same happened to the ticket the next time with the same agent_id; null: never since, or a fact that no agent is counted for.';
COMMENT ON COLUMN read.ticket_facts.came_position IS 'Position of the fact that brought the ticket to status_before with priority_before; null: it stays as it is, or was opened.';
COMMENT ON COLUMN read.ticket_facts.came_at IS 'When that happened: from then until occurred_at the ticket was there.';

DROP INDEX read.ticket_facts_ticket, read.ticket_facts_span, read.ticket_facts_again;
-- For one ticket: it has few facts, and is named once in the index for all of them.
CREATE INDEX ticket_facts_ticket ON read.ticket_facts (ticket_id);
-- For spans of time, without a look at the table: how many, and which.
CREATE INDEX ticket_facts_span ON read.ticket_facts (fact, occurred_at, next_at, priority, position);
-- For the waits that ended in a span of time, without a look at the table.
CREATE INDEX ticket_facts_waits ON read.ticket_facts (fact, priority, occurred_at) INCLUDE (next_at, wait_us, agent_id)
    WHERE wait_us IS NOT NULL;
-- For what happened up to an instant and then again after it, of what is counted.
CREATE INDEX ticket_facts_again ON read.ticket_facts USING gist (tstzrange(occurred_at, next_at)) INCLUDE (fact, occurred_at, next_at, priority)
    WHERE next_at IS NOT NULL AND fact IN ('resolved', 'reopened', 'escalated', 'closed');
CREATE INDEX ticket_facts_agent_again ON read.ticket_facts USING gist (tstzrange(occurred_at, agent_next_at)) INCLUDE (fact, occurred_at, agent_id)
    WHERE agent_next_at IS NOT NULL;
-- For the tickets that were in the backlog at an instant and have left it since: a
-- stay is a point, when it began by when it ended, and those that were under way are
-- the ones to the left of the instant and above it. Ranges would say the same, and
-- take seven times as long to index.
CREATE INDEX ticket_facts_backlog ON read.ticket_facts
    USING gist (point(date_part('epoch', came_at - timestamptz 'epoch'), date_part('epoch', occurred_at - timestamptz 'epoch')))
    WHERE came_at IS NOT NULL AND status_before IN ('open', 'in-progress', 'escalated');

-- Rows that are read from indexes alone must be known to be visible to all, the
-- newest above all, which are asked for most.
ALTER TABLE read.ticket_facts SET (autovacuum_vacuum_insert_scale_factor = 0.005, vacuum_index_cleanup = on);

ALTER TABLE read.ticket_measures
    ADD COLUMN came_position bigint NOT NULL,
    ADD COLUMN came_at timestamptz NOT NULL;
COMMENT ON COLUMN read.ticket_measures.came_position IS 'Position in the log of the fact that brought it to its status with its priority, or of its deletion.';
COMMENT ON COLUMN read.ticket_measures.came_at IS 'When that happened.';
-- For the tickets that are in the backlog, in the order they came there.
CREATE INDEX ticket_measures_backlog ON read.ticket_measures (came_position) WHERE status IN ('open', 'in-progress', 'escalated');

CREATE TABLE read.ticket_counts (
    unit            text NOT NULL CHECK (unit IN ('day', 'hour')),
    since           timestamptz NOT NULL,
    priority        text NOT NULL,
    opened          bigint NOT NULL,
    resolved        bigint NOT NULL,
    reopened        bigint NOT NULL,
    escalated       bigint NOT NULL,
    closed          bigint NOT NULL,
    net_open        bigint NOT NULL,
    net_in_progress bigint NOT NULL,
    net_escalated   bigint NOT NULL,
    net_resolved    bigint NOT NULL,
    net_closed      bigint NOT NULL,
    PRIMARY KEY (unit, since, priority)
) WITH (fillfactor = 50);
COMMENT ON TABLE read.ticket_counts IS 'For each hour and each day by UTC, how many rows of read.ticket_facts without next_at it has, and how many more tickets came into a status than left it: sums of them make reports as quick with millions of tickets as with few.';
COMMENT ON COLUMN read.ticket_counts.unit IS 'day or hour; each day is the sum of its hours.';
COMMENT ON COLUMN read.ticket_counts.since IS 'Beginning of the day or hour, by UTC.';
COMMENT ON COLUMN read.ticket_counts.priority IS 'The priority after the fact.';
COMMENT ON COLUMN read.ticket_counts.opened IS 'Tickets that were opened.';
COMMENT ON COLUMN read.ticket_counts.resolved IS 'Tickets that were resolved, and never since.';
COMMENT ON COLUMN read.ticket_counts.reopened IS 'Tickets that were reopened, and never since.';
COMMENT ON COLUMN read.ticket_counts.escalated IS 'Tickets that escalated, and never since.';
COMMENT ON COLUMN read.ticket_counts.closed IS 'Tickets that were closed, and never since.';
COMMENT ON COLUMN read.ticket_counts.net_open IS 'Tickets that came into status open with this priority, less those that left it; the sum of all hours so far is how many there are.';
COMMENT ON COLUMN read.ticket_counts.net_in_progress IS 'The same of status in-progress.';
COMMENT ON COLUMN read.ticket_counts.net_escalated IS 'The same of status escalated.';
COMMENT ON COLUMN read.ticket_counts.net_resolved IS 'The same of status resolved.';
COMMENT ON COLUMN read.ticket_counts.net_closed IS 'The same of status closed.';

CREATE TABLE read.agent_counts (
    unit            text NOT NULL CHECK (unit IN ('day', 'hour')),
    since           timestamptz NOT NULL,
    agent_id        uuid,
    assigned        bigint NOT NULL,
    first_responses bigint NOT NULL,
    resolved        bigint NOT NULL,
    reopened        bigint NOT NULL,
    escalated       bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE read.agent_counts IS 'For each hour and each day by UTC and each agent, how many rows of read.ticket_facts without agent_next_at there are.';
COMMENT ON COLUMN read.agent_counts.unit IS 'day or hour; each day is the sum of its hours.';
COMMENT ON COLUMN read.agent_counts.since IS 'Beginning of the day or hour, by UTC.';
COMMENT ON COLUMN read.agent_counts.agent_id IS 'As in read.ticket_facts; null: nobody.';
COMMENT ON COLUMN read.agent_counts.assigned IS 'Tickets that were given to the agent, and never since.';
COMMENT ON COLUMN read.agent_counts.first_responses IS 'Tickets to which the agent gave the first response.';
COMMENT ON COLUMN read.agent_counts.resolved IS 'Tickets that were resolved while the agent''s, and never since.';
COMMENT ON COLUMN read.agent_counts.reopened IS 'Tickets that were reopened while the agent''s, and never since.';
COMMENT ON COLUMN read.agent_counts.escalated IS 'Tickets that escalated while the agent''s, and never since.';
-- Nobody is an agent like any other here.
CREATE UNIQUE INDEX agent_counts_key ON read.agent_counts (unit, since, coalesce(agent_id, '00000000-0000-0000-0000-000000000000'));

CREATE OR REPLACE VIEW read.daily_stats AS
WITH summed AS (
    SELECT (since AT TIME ZONE 'UTC')::date AS day, priority, opened, resolved, reopened, escalated, closed,
        net_open + net_in_progress + net_escalated AS net
    FROM read.ticket_counts
    WHERE unit = 'day'
    UNION ALL
    SELECT (occurred_at AT TIME ZONE 'UTC')::date, priority, 0, (fact = 'resolved')::int, (fact = 'reopened')::int,
        (fact = 'escalated')::int, (fact = 'closed')::int, 0
    FROM read.ticket_facts
    WHERE fact IN ('resolved', 'reopened', 'escalated', 'closed')
      AND next_at IS NOT NULL AND (next_at AT TIME ZONE 'UTC')::date > (occurred_at AT TIME ZONE 'UTC')::date
), counted AS (
    SELECT day, priority, sum(opened)::bigint AS opened, sum(resolved)::bigint AS resolved, sum(reopened)::bigint AS reopened,
        sum(escalated)::bigint AS escalated, sum(closed)::bigint AS closed, sum(net) AS net
    FROM summed
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
FROM days LEFT JOIN counted USING (day, priority);

CREATE OR REPLACE VIEW read.agent_stats AS
WITH given AS (
    SELECT agent_id AS user_id, sum(assigned)::bigint AS assigned, sum(first_responses)::bigint AS first_responses,
        sum(resolved)::bigint AS resolved, sum(reopened)::bigint AS reopened, sum(escalated)::bigint AS escalated
    FROM read.agent_counts
    WHERE unit = 'day'
    GROUP BY 1
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
    coalesce(h.open_tickets, 0) AS open_tickets, coalesce(g.assigned, 0) AS assigned, coalesce(g.first_responses, 0) AS first_responses,
    coalesce(g.resolved, 0) AS resolved, coalesce(g.reopened, 0) AS reopened, coalesce(g.escalated, 0) AS escalated,
    h.average_resolution_time, h.median_resolution_time
FROM read.users AS u
LEFT JOIN given AS g ON g.user_id = u.id
LEFT JOIN held AS h ON h.user_id = u.id
WHERE u.role IN ('agent', 'admin') OR g.assigned > 0 OR g.resolved > 0 OR g.reopened > 0 OR g.escalated > 0;

DROP TABLE read.hourly_facts, read.hourly_moves;
