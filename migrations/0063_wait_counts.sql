-- +goose Up

-- How long tickets waited is counted by the day and the month besides, from the log
-- anew: by a follower of another name, for an older process may still be at the old one.
DELETE FROM rebuilds WHERE projector = 'ticket_reports';
DELETE FROM parked_events WHERE follower = 'ticket_reports';
DELETE FROM checkpoints WHERE name = 'ticket_reports';
DROP TABLE IF EXISTS read_next.ticket_facts, read_next.ticket_measures, read_next.ticket_counts, read_next.agent_counts;
DROP TABLE IF EXISTS read_kept.ticket_facts, read_kept.ticket_measures, read_kept.ticket_counts, read_kept.agent_counts;
TRUNCATE read.ticket_facts, read.ticket_measures, read.ticket_counts, read.agent_counts;

ALTER TABLE read.ticket_facts
    ADD COLUMN wait_bucket smallint,
    ADD CONSTRAINT ticket_facts_bucketed CHECK ((wait_us IS NULL) = (wait_bucket IS NULL));
COMMENT ON COLUMN read.ticket_facts.wait_bucket IS 'The bucket of read.wait_counts that wait_us is in; null where that is.';

-- For the waits of one bucket that ended in a span of time, without a look at the table.
CREATE INDEX ticket_facts_wait_bucket ON read.ticket_facts (fact, priority, wait_bucket, occurred_at) INCLUDE (next_at, wait_us)
    WHERE wait_us IS NOT NULL;
CREATE INDEX ticket_facts_agent_wait_bucket ON read.ticket_facts (agent_id, wait_bucket, occurred_at) INCLUDE (next_at, wait_us)
    WHERE fact = 'resolved';

-- Histograms are not compressed: to unpack them took longer than all the rest.
CREATE TABLE read.wait_counts (
    unit     text NOT NULL CHECK (unit IN ('day', 'month')),
    since    timestamptz NOT NULL,
    fact     text NOT NULL CHECK (fact IN ('first_response', 'resolved')),
    priority text,
    agent_id uuid,
    total_us numeric NOT NULL,
    buckets  bytea NOT NULL,
    CHECK (priority IS NULL OR agent_id IS NULL),
    CHECK (length(buckets) % 6 = 0)
) WITH (fillfactor = 50);
ALTER TABLE read.wait_counts ALTER buckets SET STORAGE EXTERNAL;
COMMENT ON TABLE read.wait_counts IS 'For each day and each month by UTC, how long the tickets had waited for a first response and for their resolution: a histogram of read.ticket_facts without next_at for each priority, and of resolutions for each agent.';
COMMENT ON COLUMN read.wait_counts.unit IS 'day or month; each month is the sum of its days.';
COMMENT ON COLUMN read.wait_counts.since IS 'Beginning of the day or month, by UTC.';
COMMENT ON COLUMN read.wait_counts.fact IS 'What the tickets had waited for: first_response or resolved.';
COMMENT ON COLUMN read.wait_counts.priority IS 'The priority after the fact; null: the row is of an agent.';
COMMENT ON COLUMN read.wait_counts.agent_id IS 'As in read.ticket_facts; null: nobody, or the row is of a priority.';
COMMENT ON COLUMN read.wait_counts.total_us IS 'Sum of the waits, in microseconds.';
COMMENT ON COLUMN read.wait_counts.buckets IS 'Each bucket that has waits, in their order: its number in two bytes, and how many waits it has in four, the highest byte first. Waits below 128 microseconds have a bucket each, and each doubling from there on has 128 of the same width. (Arrays would be sent number by number, which takes ten times as long.)';
CREATE UNIQUE INDEX wait_counts_key ON read.wait_counts
    (unit, since, fact, coalesce(priority, ''), coalesce(agent_id, '00000000-0000-0000-0000-000000000000'));

ALTER TABLE read.agent_counts DROP CONSTRAINT agent_counts_unit_check;
ALTER TABLE read.agent_counts ADD CONSTRAINT agent_counts_unit_check CHECK (unit IN ('month', 'day', 'hour'));
COMMENT ON COLUMN read.agent_counts.unit IS 'month, day or hour; each day is the sum of its hours, each month of its days.';
COMMENT ON TABLE read.agent_counts IS 'For each hour, each day and each month by UTC and each agent, how many rows of read.ticket_facts without agent_next_at there are.';
