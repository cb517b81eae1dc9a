-- +goose Up

-- What the facts hold is another thing now. They are built from the log anew, by
-- a follower of another name: an older process may still be at the old one.
DROP TABLE read.ticket_facts;
DELETE FROM parked_events WHERE follower = 'ticket_facts';
DELETE FROM checkpoints WHERE name = 'ticket_facts';

CREATE TABLE read.ticket_facts (
    position           bigint PRIMARY KEY,
    ticket_id          uuid NOT NULL,
    fact               text NOT NULL,
    occurred_at        timestamptz NOT NULL,
    recorded_at        timestamptz NOT NULL,
    next_at            timestamptz,
    status_before      text,
    status             text,
    priority_before    text,
    priority           text,
    assigned_to_before uuid,
    assigned_to        uuid,
    actor_kind         text NOT NULL,
    actor_id           uuid
) WITH (fillfactor = 90);
COMMENT ON TABLE read.ticket_facts IS 'What reports count: a row for each event that changed a ticket''s status, priority or assignee, and for its first response. Deleted tickets stay: it happened.';
COMMENT ON COLUMN read.ticket_facts.position IS 'Position in the log of the event.';
COMMENT ON COLUMN read.ticket_facts.ticket_id IS 'The ticket.';
COMMENT ON COLUMN read.ticket_facts.fact IS 'opened, started, resolved, closed, reopened, escalated, deleted, prioritised, assigned, unassigned or first_response (the first public comment by somebody other than the requester).';
COMMENT ON COLUMN read.ticket_facts.occurred_at IS 'When it happened; earlier than recorded_at for what was imported.';
COMMENT ON COLUMN read.ticket_facts.recorded_at IS 'When the log took it in.';
COMMENT ON COLUMN read.ticket_facts.next_at IS 'When the same happened to the ticket the next time, by occurred_at; null: never since. A ticket counts once in a span that ends before it.';
COMMENT ON COLUMN read.ticket_facts.status_before IS 'Status before; null: there was no ticket.';
COMMENT ON COLUMN read.ticket_facts.status IS 'Status after; null: deleted.';
COMMENT ON COLUMN read.ticket_facts.priority_before IS 'Priority before; null: there was no ticket.';
COMMENT ON COLUMN read.ticket_facts.priority IS 'Priority after; null: deleted.';
COMMENT ON COLUMN read.ticket_facts.assigned_to_before IS 'Assignee before; null: nobody.';
COMMENT ON COLUMN read.ticket_facts.assigned_to IS 'Assignee after; null: nobody, or deleted.';
COMMENT ON COLUMN read.ticket_facts.actor_kind IS 'Who did it: user, token, system, timer or import.';
COMMENT ON COLUMN read.ticket_facts.actor_id IS 'The person who did it; null: the service itself.';
-- For spans of time, without a look at the table.
CREATE INDEX ticket_facts_span ON read.ticket_facts (fact, occurred_at, next_at, priority);
-- For one ticket, and for the next and the last time of a fact.
CREATE INDEX ticket_facts_ticket ON read.ticket_facts (ticket_id, fact, occurred_at, position);
-- For what happened up to an instant and then again after it, of what the report counts.
CREATE INDEX ticket_facts_again ON read.ticket_facts USING gist (tstzrange(occurred_at, next_at)) INCLUDE (fact, occurred_at, next_at)
    WHERE next_at IS NOT NULL AND fact IN ('resolved', 'escalated');

CREATE TABLE read.ticket_measures (
    ticket_id         uuid PRIMARY KEY,
    number            bigint NOT NULL,
    created_by        uuid NOT NULL,
    opened_at         timestamptz NOT NULL,
    status            text,
    status_since      timestamptz NOT NULL,
    priority          text NOT NULL,
    assigned_to       uuid,
    first_response_at timestamptz,
    first_resolved_at timestamptz,
    resolved_at       timestamptz,
    starts            integer NOT NULL,
    resolutions       integer NOT NULL,
    closings          integer NOT NULL,
    reopenings        integer NOT NULL,
    escalations       integer NOT NULL,
    priorities        integer NOT NULL,
    assignments       integer NOT NULL,
    unassignments     integer NOT NULL,
    open_us           bigint NOT NULL,
    in_progress_us    bigint NOT NULL,
    escalated_us      bigint NOT NULL,
    resolved_us       bigint NOT NULL,
    closed_us         bigint NOT NULL,
    position          bigint NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE read.ticket_measures IS 'How long each ticket took and how often it changed, deleted ones too; read.resolution_times is the same in shape for people.';
COMMENT ON COLUMN read.ticket_measures.ticket_id IS 'The ticket.';
COMMENT ON COLUMN read.ticket_measures.number IS 'Its number for people.';
COMMENT ON COLUMN read.ticket_measures.created_by IS 'The requester.';
COMMENT ON COLUMN read.ticket_measures.opened_at IS 'When it was opened.';
COMMENT ON COLUMN read.ticket_measures.status IS 'Its status; null: deleted.';
COMMENT ON COLUMN read.ticket_measures.status_since IS 'Since when it has this status, or was deleted.';
COMMENT ON COLUMN read.ticket_measures.priority IS 'Its priority, of a deleted ticket the last.';
COMMENT ON COLUMN read.ticket_measures.assigned_to IS 'The assignee, of a deleted ticket the last; null: nobody.';
COMMENT ON COLUMN read.ticket_measures.first_response_at IS 'First public comment by somebody other than the requester; null: none.';
COMMENT ON COLUMN read.ticket_measures.first_resolved_at IS 'When it was first resolved; null: never.';
COMMENT ON COLUMN read.ticket_measures.resolved_at IS 'When it was last resolved; null again once reopened.';
COMMENT ON COLUMN read.ticket_measures.starts IS 'How often work on it began.';
COMMENT ON COLUMN read.ticket_measures.resolutions IS 'How often it was resolved.';
COMMENT ON COLUMN read.ticket_measures.closings IS 'How often it was closed.';
COMMENT ON COLUMN read.ticket_measures.reopenings IS 'How often it was reopened.';
COMMENT ON COLUMN read.ticket_measures.escalations IS 'How often it escalated.';
COMMENT ON COLUMN read.ticket_measures.priorities IS 'How often its priority changed.';
COMMENT ON COLUMN read.ticket_measures.assignments IS 'How often it was assigned to somebody.';
COMMENT ON COLUMN read.ticket_measures.unassignments IS 'How often it was taken from its assignee.';
COMMENT ON COLUMN read.ticket_measures.open_us IS 'Microseconds in status open before status_since.';
COMMENT ON COLUMN read.ticket_measures.in_progress_us IS 'Microseconds in status in-progress before status_since.';
COMMENT ON COLUMN read.ticket_measures.escalated_us IS 'Microseconds in status escalated before status_since.';
COMMENT ON COLUMN read.ticket_measures.resolved_us IS 'Microseconds in status resolved before status_since.';
COMMENT ON COLUMN read.ticket_measures.closed_us IS 'Microseconds in status closed before status_since.';
COMMENT ON COLUMN read.ticket_measures.position IS 'Position in the log of its newest fact.';

CREATE TABLE read.hourly_facts (
    fact    text NOT NULL,
    hour    timestamptz NOT NULL,
    tickets bigint NOT NULL,
    PRIMARY KEY (fact, hour)
) WITH (fillfactor = 50);
COMMENT ON TABLE read.hourly_facts IS 'For each hour, how many rows of read.ticket_facts without next_at it has: sums of them make the report as quick with millions of tickets as with few.';
COMMENT ON COLUMN read.hourly_facts.fact IS 'As in read.ticket_facts.';
COMMENT ON COLUMN read.hourly_facts.hour IS 'Beginning of the hour, by UTC.';
COMMENT ON COLUMN read.hourly_facts.tickets IS 'Tickets to which it happened in this hour and never since.';

CREATE TABLE read.hourly_moves (
    status   text NOT NULL,
    priority text NOT NULL,
    hour     timestamptz NOT NULL,
    net      bigint NOT NULL,
    PRIMARY KEY (status, priority, hour)
) WITH (fillfactor = 50);
COMMENT ON TABLE read.hourly_moves IS 'For each hour, how many more tickets have come into a status and priority than have left it; the sum of all hours so far is how many there are.';
COMMENT ON COLUMN read.hourly_moves.status IS 'The status.';
COMMENT ON COLUMN read.hourly_moves.priority IS 'The priority.';
COMMENT ON COLUMN read.hourly_moves.hour IS 'Beginning of the hour, by UTC.';
COMMENT ON COLUMN read.hourly_moves.net IS 'Tickets that came less those that left.';
