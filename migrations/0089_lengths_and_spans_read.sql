-- +goose Up

-- What was under way at an instant: of what lasted about as long, it began at most that
-- long before. So an index has how long something lasted, roughly, and when it began.
CREATE FUNCTION read.lengths() RETURNS interval[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY['1 s', '4 s', '15 s', '1 min', '4 min', '15 min', '1 h', '3 h', '8 h', '24 h', '48 h', '96 h', '192 h', '384 h', '768 h', '1536 h', '3072 h', '6144 h', '12288 h']::interval[];
COMMENT ON FUNCTION read.lengths() IS 'The lengths that read.length_class tells apart, which never change: they are in indexes.';
CREATE FUNCTION read.length_class(interval) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN width_bucket(coalesce($1, '1000 years'), read.lengths());
COMMENT ON FUNCTION read.length_class(interval) IS 'How many of read.lengths() something reached that lasted so long; null: it lasts still.';

DROP INDEX read.ticket_history_active, read.ticket_facts_backlog;
CREATE INDEX ticket_history_active ON read.ticket_history (read.length_class(known_to - known_from), known_from)
    WHERE status IN ('open', 'in-progress', 'escalated');
CREATE INDEX ticket_facts_backlog ON read.ticket_facts (read.length_class(occurred_at - entered_at), entered_at)
    WHERE entered_at IS NOT NULL AND status_before IN ('open', 'in-progress', 'escalated');

-- Facts that nearly every ticket has fill an index of their own from the left to the
-- right; in one of all facts most pages would be half full.
DROP INDEX read.ticket_facts_span;
CREATE INDEX ticket_facts_opened ON read.ticket_facts (occurred_at, next_at, position) WHERE fact = 'opened';
CREATE INDEX ticket_facts_assigned ON read.ticket_facts (occurred_at, next_at, position) WHERE fact = 'assigned';
CREATE INDEX ticket_facts_started ON read.ticket_facts (occurred_at, next_at, position) WHERE fact = 'started';
CREATE INDEX ticket_facts_first_response ON read.ticket_facts (occurred_at, next_at, position) WHERE fact = 'first_response';
CREATE INDEX ticket_facts_resolved ON read.ticket_facts (occurred_at, next_at, position) WHERE fact = 'resolved';
CREATE INDEX ticket_facts_closed ON read.ticket_facts (occurred_at, next_at, position) WHERE fact = 'closed';
CREATE INDEX ticket_facts_rare ON read.ticket_facts (fact, occurred_at, next_at, position)
    WHERE fact NOT IN ('opened', 'assigned', 'started', 'first_response', 'resolved', 'closed');

-- Its rows come and go all day, and are few: what is dead among them is soon the most.
ALTER TABLE read.active_search SET (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- Tables whose indexes are others are neither gone on with nor back to.
UPDATE rebuilds SET staging_position = NULL, previous_position = NULL WHERE projection IN ('ticket_history', 'ticket_facts');
