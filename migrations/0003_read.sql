-- +goose Up

CREATE SCHEMA read;
COMMENT ON SCHEMA read IS 'Read models: built from the log by the projectors, safe to rebuild, written by nobody else.';
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE read.users (
    id         uuid PRIMARY KEY,
    username   text NOT NULL,
    email      text NOT NULL,
    first_name text NOT NULL,
    last_name  text NOT NULL,
    role       text NOT NULL,
    is_active  boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version    integer NOT NULL
);
COMMENT ON TABLE read.users IS 'Everybody who registered, as they are now.';
COMMENT ON COLUMN read.users.id IS 'The user.';
COMMENT ON COLUMN read.users.username IS 'Name to sign in with.';
COMMENT ON COLUMN read.users.email IS 'Mail address.';
COMMENT ON COLUMN read.users.first_name IS 'First name, may be empty.';
COMMENT ON COLUMN read.users.last_name IS 'Last name, may be empty.';
COMMENT ON COLUMN read.users.role IS 'user, agent, admin or auditor.';
COMMENT ON COLUMN read.users.is_active IS 'Whether they may sign in.';
COMMENT ON COLUMN read.users.created_at IS 'When they registered.';
COMMENT ON COLUMN read.users.updated_at IS 'When their newest event occurred.';
COMMENT ON COLUMN read.users.version IS 'Version of their stream.';
CREATE INDEX users_username ON read.users (lower(username), id);
CREATE INDEX users_role ON read.users (role, lower(username), id);
CREATE INDEX users_names ON read.users USING gin ((username || ' ' || first_name || ' ' || last_name) gin_trgm_ops);
CREATE INDEX users_search ON read.users USING gin ((username || ' ' || first_name || ' ' || last_name || ' ' || email) gin_trgm_ops);

CREATE TABLE read.tickets (
    id                uuid PRIMARY KEY,
    number            bigint NOT NULL,
    title             text NOT NULL,
    description       text NOT NULL,
    priority          text NOT NULL,
    priority_rank     smallint NOT NULL,
    status            text NOT NULL,
    created_by        uuid NOT NULL,
    opened_by         uuid NOT NULL,
    assigned_to       uuid,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    first_response_at timestamptz,
    resolved_at       timestamptz,
    closed_at         timestamptz,
    escalated_at      timestamptz,
    public_comments   integer NOT NULL,
    internal_comments integer NOT NULL,
    version           integer NOT NULL,
    position          bigint NOT NULL
) WITH (fillfactor = 80);
COMMENT ON TABLE read.tickets IS 'Every ticket that was not deleted, as it is now.';
COMMENT ON COLUMN read.tickets.id IS 'The ticket.';
COMMENT ON COLUMN read.tickets.number IS 'Its number for people.';
COMMENT ON COLUMN read.tickets.title IS 'One line.';
COMMENT ON COLUMN read.tickets.description IS 'What it is about.';
COMMENT ON COLUMN read.tickets.priority IS 'low, medium or high.';
COMMENT ON COLUMN read.tickets.priority_rank IS 'The priority to order by: low 1, medium 2, high 3.';
COMMENT ON COLUMN read.tickets.status IS 'open, in-progress, resolved, closed or escalated.';
COMMENT ON COLUMN read.tickets.created_by IS 'The requester.';
COMMENT ON COLUMN read.tickets.opened_by IS 'Who typed it in: the requester, or staff on their behalf.';
COMMENT ON COLUMN read.tickets.assigned_to IS 'The assignee; null: nobody.';
COMMENT ON COLUMN read.tickets.created_at IS 'When it was opened.';
COMMENT ON COLUMN read.tickets.updated_at IS 'When its newest event occurred.';
COMMENT ON COLUMN read.tickets.first_response_at IS 'First public comment by somebody other than the requester.';
COMMENT ON COLUMN read.tickets.resolved_at IS 'When it was last resolved; null again once reopened.';
COMMENT ON COLUMN read.tickets.closed_at IS 'When it was last closed; null again once reopened.';
COMMENT ON COLUMN read.tickets.escalated_at IS 'When it was last escalated.';
COMMENT ON COLUMN read.tickets.public_comments IS 'Comments everybody concerned sees.';
COMMENT ON COLUMN read.tickets.internal_comments IS 'Notes among staff.';
COMMENT ON COLUMN read.tickets.version IS 'Version of its stream; the ETag.';
COMMENT ON COLUMN read.tickets.position IS 'Position in the log of its newest event.';
-- One index per ordering, each ending in id so that a cursor is unambiguous,
-- and one per visibility and filter, in the order of the default listing.
CREATE UNIQUE INDEX tickets_number ON read.tickets (number);
CREATE INDEX tickets_created ON read.tickets (created_at, id);
CREATE INDEX tickets_updated ON read.tickets (updated_at, id);
CREATE INDEX tickets_priority ON read.tickets (priority_rank, id);
CREATE INDEX tickets_status ON read.tickets (status, created_at, id);
CREATE INDEX tickets_requester ON read.tickets (created_by, created_at, id);
CREATE INDEX tickets_opener ON read.tickets (opened_by, created_at, id);
CREATE INDEX tickets_assignee ON read.tickets (assigned_to, created_at, id);
CREATE INDEX tickets_title ON read.tickets USING gin (title gin_trgm_ops);

CREATE TABLE read.comments (
    id         uuid PRIMARY KEY,
    ticket_id  uuid NOT NULL,
    author_id  uuid NOT NULL,
    text       text NOT NULL,
    internal   boolean NOT NULL,
    created_at timestamptz NOT NULL,
    edited_at  timestamptz
);
COMMENT ON TABLE read.comments IS 'Every comment that was not removed, of tickets that were not deleted.';
COMMENT ON COLUMN read.comments.id IS 'The comment.';
COMMENT ON COLUMN read.comments.ticket_id IS 'Its ticket.';
COMMENT ON COLUMN read.comments.author_id IS 'Who wrote it.';
COMMENT ON COLUMN read.comments.text IS 'What it says now.';
COMMENT ON COLUMN read.comments.internal IS 'Whether it is a note among staff.';
COMMENT ON COLUMN read.comments.created_at IS 'When it was written.';
COMMENT ON COLUMN read.comments.edited_at IS 'When it was last edited; null: never.';
CREATE INDEX comments_ticket ON read.comments (ticket_id, created_at, id);
CREATE INDEX comments_created ON read.comments (created_at, id);

CREATE TABLE read.ticket_facts (
    position    bigint PRIMARY KEY,
    ticket_id   uuid NOT NULL,
    fact        text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);
COMMENT ON TABLE read.ticket_facts IS 'What the report counts: a row for each time a ticket was opened, resolved or escalated. Deleted tickets stay: it happened.';
COMMENT ON COLUMN read.ticket_facts.position IS 'Position of the event behind it.';
COMMENT ON COLUMN read.ticket_facts.ticket_id IS 'The ticket.';
COMMENT ON COLUMN read.ticket_facts.fact IS 'opened, resolved or escalated.';
COMMENT ON COLUMN read.ticket_facts.occurred_at IS 'When it happened.';
COMMENT ON COLUMN read.ticket_facts.recorded_at IS 'When the log took it in.';
CREATE INDEX ticket_facts_window ON read.ticket_facts (occurred_at, fact, ticket_id, recorded_at);
