-- +goose Up

CREATE SCHEMA saga;
COMMENT ON SCHEMA saga IS 'What the process managers remember, their timers, and the commands they want carried out.';

CREATE TABLE saga.escalation (
    ticket_id uuid PRIMARY KEY,
    priority  text NOT NULL,
    status    text NOT NULL,
    opening   integer NOT NULL,
    since     timestamptz NOT NULL,
    escalated boolean NOT NULL,
    cause_id       uuid NOT NULL,
    cause_position bigint NOT NULL,
    correlation_id text NOT NULL
) WITH (fillfactor = 80);
COMMENT ON TABLE saga.escalation IS 'What the escalation process manager knows of each ticket that was not deleted.';
COMMENT ON COLUMN saga.escalation.ticket_id IS 'The ticket.';
COMMENT ON COLUMN saga.escalation.priority IS 'low, medium or high: it decides how long the ticket may wait.';
COMMENT ON COLUMN saga.escalation.status IS 'Where the ticket is in its life.';
COMMENT ON COLUMN saga.escalation.opening IS 'How often the ticket was opened: 1, one more with each reopening.';
COMMENT ON COLUMN saga.escalation.since IS 'When it was last opened or reopened; the waiting counts from here.';
COMMENT ON COLUMN saga.escalation.escalated IS 'Whether it escalated since; then it does not do so by itself again.';
COMMENT ON COLUMN saga.escalation.cause_id IS 'Event that last changed the ticket for this process manager; a timer set now names it as its cause.';
COMMENT ON COLUMN saga.escalation.cause_position IS 'Position of that event.';
COMMENT ON COLUMN saga.escalation.correlation_id IS 'Request that caused that event.';

CREATE TABLE saga.policies (
    saga   text PRIMARY KEY,
    policy json NOT NULL
);
COMMENT ON TABLE saga.policies IS 'The settings that pending timers were computed with; other settings at a start have them computed anew.';
COMMENT ON COLUMN saga.policies.saga IS 'The process manager.';
COMMENT ON COLUMN saga.policies.policy IS 'Its settings.';

CREATE TABLE saga.timers (
    timer_id       uuid PRIMARY KEY,
    saga           text NOT NULL,
    key            uuid NOT NULL,
    due_at         timestamptz NOT NULL,
    command        text NOT NULL,
    payload        json NOT NULL,
    cause_id       uuid NOT NULL,
    cause_position bigint NOT NULL,
    correlation_id text NOT NULL,
    set_at         timestamptz NOT NULL DEFAULT now(),
    fired_at       timestamptz
);
COMMENT ON TABLE saga.timers IS 'What is to happen at an instant unless it is called off. Fired timers stay: they are the cause of what followed.';
COMMENT ON COLUMN saga.timers.timer_id IS 'Id of the timer, and of the command it becomes.';
COMMENT ON COLUMN saga.timers.saga IS 'The process manager that set it.';
COMMENT ON COLUMN saga.timers.key IS 'What it is about, one pending timer each: a ticket.';
COMMENT ON COLUMN saga.timers.due_at IS 'When it fires, by the database clock; in the past: at once.';
COMMENT ON COLUMN saga.timers.command IS 'Name of the command it becomes.';
COMMENT ON COLUMN saga.timers.payload IS 'The command.';
COMMENT ON COLUMN saga.timers.cause_id IS 'Event that set it.';
COMMENT ON COLUMN saga.timers.cause_position IS 'Position of that event.';
COMMENT ON COLUMN saga.timers.correlation_id IS 'Request that began the chain of causes.';
COMMENT ON COLUMN saga.timers.set_at IS 'When it was set.';
COMMENT ON COLUMN saga.timers.fired_at IS 'When it became a command; null: pending.';
CREATE UNIQUE INDEX timers_pending_key ON saga.timers (saga, key) WHERE fired_at IS NULL;
CREATE INDEX timers_pending_due ON saga.timers (due_at, timer_id) WHERE fired_at IS NULL;

CREATE TABLE saga.outbox (
    id             uuid PRIMARY KEY,
    command        text NOT NULL,
    payload        json NOT NULL,
    causation_id   uuid NOT NULL,
    correlation_id text NOT NULL,
    due_at         timestamptz NOT NULL DEFAULT now(),
    attempts       integer NOT NULL DEFAULT 0,
    claimed_by     bigint,
    error          text,
    parked_at      timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE saga.outbox IS 'Commands of process managers that are still to be carried out; a row ends with its command.';
COMMENT ON COLUMN saga.outbox.id IS 'Id of the command: carried out twice, it acts once.';
COMMENT ON COLUMN saga.outbox.command IS 'Name of the command.';
COMMENT ON COLUMN saga.outbox.payload IS 'The command.';
COMMENT ON COLUMN saga.outbox.causation_id IS 'Event or timer that caused it.';
COMMENT ON COLUMN saga.outbox.correlation_id IS 'Request that began the chain of causes.';
COMMENT ON COLUMN saga.outbox.due_at IS 'Not to be tried before.';
COMMENT ON COLUMN saga.outbox.attempts IS 'How often it was tried; trying again later as planned does not count.';
COMMENT ON COLUMN saga.outbox.claimed_by IS 'Process that is at it, by the number of its advisory lock; null: nobody.';
COMMENT ON COLUMN saga.outbox.error IS 'What went wrong at the last try.';
COMMENT ON COLUMN saga.outbox.parked_at IS 'When it was given up until somebody decides; null: it was not.';
COMMENT ON COLUMN saga.outbox.created_at IS 'When it was put here.';
CREATE INDEX outbox_ready ON saga.outbox (command, due_at, id) WHERE claimed_by IS NULL AND parked_at IS NULL;
CREATE INDEX outbox_claimed ON saga.outbox (claimed_by) WHERE claimed_by IS NOT NULL;
CREATE INDEX outbox_parked ON saga.outbox (parked_at, id) WHERE parked_at IS NOT NULL;

CREATE SEQUENCE saga.claimants AS integer;
COMMENT ON SEQUENCE saga.claimants IS 'Numbers of the processes that carry out commands; each holds an advisory lock of its number while it lives.';

CREATE TABLE saga.people (
    user_id          uuid PRIMARY KEY,
    role             text NOT NULL,
    active           boolean NOT NULL,
    notify_escalated boolean NOT NULL,
    notify_assigned  boolean NOT NULL,
    notify_commented boolean NOT NULL,
    notify_resolved  boolean NOT NULL
);
COMMENT ON TABLE saga.people IS 'What the letters process manager knows of each person.';
COMMENT ON COLUMN saga.people.user_id IS 'The person.';
COMMENT ON COLUMN saga.people.role IS 'user, agent, admin or auditor.';
COMMENT ON COLUMN saga.people.active IS 'Whether they may sign in; nobody else gets letters.';
COMMENT ON COLUMN saga.people.notify_escalated IS 'Whether they want to hear that a ticket of theirs escalated.';
COMMENT ON COLUMN saga.people.notify_assigned IS 'Whether they want to hear of tickets assigned to them.';
COMMENT ON COLUMN saga.people.notify_commented IS 'Whether they want to hear of comments of others on their tickets.';
COMMENT ON COLUMN saga.people.notify_resolved IS 'Whether they want to hear that a ticket of theirs is resolved.';
CREATE INDEX people_admins ON saga.people (user_id) WHERE role = 'admin' AND active;

CREATE TABLE saga.requesters (
    ticket_id  uuid PRIMARY KEY,
    created_by uuid NOT NULL
);
COMMENT ON TABLE saga.requesters IS 'Whose ticket it is, for each that was not deleted: what the letters process manager knows of tickets.';
COMMENT ON COLUMN saga.requesters.ticket_id IS 'The ticket.';
COMMENT ON COLUMN saga.requesters.created_by IS 'The requester.';

-- What happened before letters were invented is not written about.
CREATE TABLE saga.letters_from (
    position bigint NOT NULL
);
COMMENT ON TABLE saga.letters_from IS 'One row: letters tell of events behind this position only.';
COMMENT ON COLUMN saga.letters_from.position IS 'Head of the log when the database learnt to send letters.';
INSERT INTO saga.letters_from SELECT position FROM log_head;

ALTER TABLE read.users
    ADD COLUMN notify_escalated boolean NOT NULL DEFAULT true,
    ADD COLUMN notify_assigned boolean NOT NULL DEFAULT true,
    ADD COLUMN notify_commented boolean NOT NULL DEFAULT true,
    ADD COLUMN notify_resolved boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN read.users.notify_escalated IS 'Whether they get a letter when a ticket of theirs escalates.';
COMMENT ON COLUMN read.users.notify_assigned IS 'Whether they get a letter when a ticket is assigned to them.';
COMMENT ON COLUMN read.users.notify_commented IS 'Whether they get a letter when somebody else comments on a ticket of theirs.';
COMMENT ON COLUMN read.users.notify_resolved IS 'Whether they get a letter when a ticket of theirs is resolved.';

CREATE TABLE read.emails (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL,
    ticket_id      uuid NOT NULL,
    ticket_number  bigint NOT NULL,
    cause_version  integer NOT NULL,
    recipient_id   uuid NOT NULL,
    address        text NOT NULL,
    status         text NOT NULL,
    attempts       integer NOT NULL,
    error          text,
    retry_at       timestamptz,
    queued_at      timestamptz NOT NULL,
    sent_at        timestamptz,
    updated_at     timestamptz NOT NULL,
    version        integer NOT NULL,
    position       bigint NOT NULL
) WITH (fillfactor = 80);
COMMENT ON TABLE read.emails IS 'The mail ledger: every letter and what became of it.';
COMMENT ON COLUMN read.emails.id IS 'The letter; its Message-ID begins with it.';
COMMENT ON COLUMN read.emails.kind IS 'What it tells: escalated, assigned, commented or resolved.';
COMMENT ON COLUMN read.emails.ticket_id IS 'The ticket it is about.';
COMMENT ON COLUMN read.emails.ticket_number IS 'The ticket''s number for people.';
COMMENT ON COLUMN read.emails.cause_version IS 'Version of the ticket whose event it tells of.';
COMMENT ON COLUMN read.emails.recipient_id IS 'Who gets it.';
COMMENT ON COLUMN read.emails.address IS 'Their address when it was queued.';
COMMENT ON COLUMN read.emails.status IS 'queued, sending, sent, failed or uncertain.';
COMMENT ON COLUMN read.emails.attempts IS 'How often it was tried.';
COMMENT ON COLUMN read.emails.error IS 'What went wrong at the last try; null: nothing.';
COMMENT ON COLUMN read.emails.retry_at IS 'When it is tried again; null: not by itself.';
COMMENT ON COLUMN read.emails.queued_at IS 'When it was first queued.';
COMMENT ON COLUMN read.emails.sent_at IS 'When the mail server took it; null: it has not, or nobody knows.';
COMMENT ON COLUMN read.emails.updated_at IS 'When its newest event occurred.';
COMMENT ON COLUMN read.emails.version IS 'Version of its stream.';
COMMENT ON COLUMN read.emails.position IS 'Position in the log of its newest event.';
CREATE INDEX emails_ticket ON read.emails (ticket_id, queued_at, id);
CREATE INDEX emails_recipient ON read.emails (recipient_id, queued_at, id);
CREATE INDEX emails_status ON read.emails (status, queued_at, id);
CREATE INDEX emails_queued ON read.emails (queued_at, id);
