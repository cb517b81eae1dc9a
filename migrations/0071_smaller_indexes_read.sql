-- +goose Up

-- Intervals. Ids of tickets are in no index that puts tickets in order: hardly any two
-- were opened at the same instant, and Postgres sorts those that were. An index of one
-- column, or of columns that are the same in many rows, has each value once with all rows
-- it is in. That a ticket has a version once is seen to by the log.
ALTER TABLE read.ticket_history DROP CONSTRAINT ticket_history_pkey;
DROP INDEX read.ticket_history_created, read.ticket_history_number, read.ticket_history_requester,
    read.ticket_history_status, read.ticket_history_assignee, read.ticket_history_priority;
CREATE INDEX ticket_history_ticket ON read.ticket_history (ticket_id);
CREATE INDEX ticket_history_created ON read.ticket_history (created_at, known_from) WHERE version = 1;
CREATE INDEX ticket_history_number ON read.ticket_history (number, known_from) WHERE version = 1;
CREATE INDEX ticket_history_requester ON read.ticket_history (created_by, created_at) WHERE version = 1;
-- Of the tickets that once were open, or nobody's, hardly any are at an instant. Those
-- that are active then are found by the instant alone: an interval is a point, when it
-- began by when it ended. Of the others known_from and known_to leave out what is not of
-- the instant without a look at the table.
CREATE INDEX ticket_history_active ON read.ticket_history
    USING gist (point(date_part('epoch', known_from - timestamptz 'epoch'), coalesce(date_part('epoch', known_to - timestamptz 'epoch'), 'infinity')))
    WHERE status IN ('open', 'in-progress', 'escalated');
CREATE INDEX ticket_history_done ON read.ticket_history (status, created_at, known_from, (coalesce(known_to, 'infinity')))
    WHERE status NOT IN ('open', 'in-progress', 'escalated');
CREATE INDEX ticket_history_unassigned ON read.ticket_history (created_at, known_from, (coalesce(known_to, 'infinity'))) WHERE assigned_to IS NULL;
-- Of the tickets that once were somebody's, most are so at an instant after it.
CREATE INDEX ticket_history_assignee ON read.ticket_history (assigned_to, created_at) WHERE assigned_to IS NOT NULL;
-- A ticket has a priority from its opening on until it is given another.
CREATE INDEX ticket_history_priority ON read.ticket_history
    ((CASE priority WHEN 'low' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END), ticket_id, known_from) WHERE change IN ('ticket.opened', 'ticket.prioritised');

-- Facts. The waits of the days that a span has in part are found by their facts; which
-- priority a fact has is read of its row.
DROP INDEX read.ticket_facts_waits, read.ticket_facts_span;
CREATE INDEX ticket_facts_span ON read.ticket_facts (fact, occurred_at, next_at, position);

-- Comments of a ticket are few enough to put in order.
DROP INDEX read.comments_ticket, read.comments_created;
CREATE INDEX comments_ticket ON read.comments (ticket_id);
CREATE INDEX comments_created ON read.comments (created_at);

-- Room in a page is for new versions of its rows. Those of tickets and facts go elsewhere
-- anyway, since what changes is indexed; of sums only the newest few change.
ALTER TABLE read.tickets SET (fillfactor = 100);
ALTER TABLE read.ticket_facts SET (fillfactor = 100);
ALTER TABLE read.ticket_measures SET (fillfactor = 90);
ALTER TABLE read.agent_counts SET (fillfactor = 85);
ALTER TABLE read.ticket_counts SET (fillfactor = 85);
ALTER TABLE read.wait_counts SET (fillfactor = 80);

-- +goose Down
ALTER TABLE read.tickets SET (fillfactor = 80);
ALTER TABLE read.ticket_facts SET (fillfactor = 90);
ALTER TABLE read.ticket_measures SET (fillfactor = 70);
ALTER TABLE read.agent_counts SET (fillfactor = 50);
ALTER TABLE read.ticket_counts SET (fillfactor = 50);
ALTER TABLE read.wait_counts SET (fillfactor = 50);
DROP INDEX read.comments_ticket, read.comments_created, read.ticket_facts_span;
CREATE INDEX comments_ticket ON read.comments (ticket_id, created_at, id);
CREATE INDEX comments_created ON read.comments (created_at, id);
CREATE INDEX ticket_facts_span ON read.ticket_facts (fact, occurred_at, next_at, priority, position);
CREATE INDEX ticket_facts_waits ON read.ticket_facts (fact, priority, occurred_at) INCLUDE (next_at, wait_us, agent_id)
    WHERE wait_us IS NOT NULL;
DROP INDEX read.ticket_history_ticket, read.ticket_history_created, read.ticket_history_number, read.ticket_history_requester,
    read.ticket_history_active, read.ticket_history_done, read.ticket_history_unassigned, read.ticket_history_assignee, read.ticket_history_priority;
ALTER TABLE read.ticket_history ADD PRIMARY KEY (ticket_id, version);
CREATE INDEX ticket_history_created ON read.ticket_history (created_at, ticket_id, known_from) WHERE version = 1;
CREATE INDEX ticket_history_number ON read.ticket_history (number, ticket_id, known_from) WHERE version = 1;
CREATE INDEX ticket_history_requester ON read.ticket_history (created_by, created_at, ticket_id) WHERE version = 1;
CREATE INDEX ticket_history_status ON read.ticket_history (status, created_at, ticket_id, known_from, (coalesce(known_to, 'infinity')));
CREATE INDEX ticket_history_assignee ON read.ticket_history (assigned_to, created_at, ticket_id, known_from, (coalesce(known_to, 'infinity')));
CREATE INDEX ticket_history_priority ON read.ticket_history
    ((CASE priority WHEN 'low' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END), ticket_id, known_from, (coalesce(known_to, 'infinity')));
