-- +goose Up

-- Words of tickets that want work are kept apart besides, by a follower of another
-- name: an older process may still be at the old one, and would not keep them.
CREATE TABLE read.active_search (
    ticket_id    uuid PRIMARY KEY,
    public_words tsvector NOT NULL,
    all_words    tsvector
);
COMMENT ON TABLE read.active_search IS 'The rows of read.ticket_search whose tickets are open, in progress or escalated: few among many.';
COMMENT ON COLUMN read.active_search.ticket_id IS 'The ticket.';
COMMENT ON COLUMN read.active_search.public_words IS 'Words of title, description and public comments.';
COMMENT ON COLUMN read.active_search.all_words IS 'The same with those of notes among staff; null: there are none.';

-- Its rows come and go all the time, and every search reads what is pending.
CREATE INDEX active_search_public ON read.active_search USING gin (public_words) WITH (gin_pending_list_limit = 128);
CREATE INDEX active_search_all ON read.active_search USING gin (all_words) WITH (gin_pending_list_limit = 128);

-- Without these a word that no ticket has passes for one that thousands have, and
-- somebody who opened none for somebody with thousands: the list is then walked to
-- its end in search of them.
ALTER TABLE read.ticket_search ALTER public_words SET STATISTICS 500, ALTER all_words SET STATISTICS 500;
ALTER TABLE read.tickets ALTER created_by SET STATISTICS 1000, ALTER opened_by SET STATISTICS 1000;
ANALYZE read.ticket_search, read.tickets;

-- Those whom nobody works on are mostly new: a walk from the oldest would meet all others first.
CREATE INDEX tickets_unassigned ON read.tickets (created_at, id) WHERE assigned_to IS NULL;

-- Histograms of months stay in their rows, where the rest of these is read anyway.
ALTER TABLE read.wait_counts SET (toast_tuple_target = 8160);

INSERT INTO checkpoints (name, position, paused_at, version)
SELECT 'text_search', position, paused_at, version FROM checkpoints WHERE name = 'ticket_search' FOR UPDATE;
UPDATE parked_events SET follower = 'text_search' WHERE follower = 'ticket_search';
DELETE FROM rebuilds WHERE projector = 'ticket_search';
DELETE FROM checkpoints WHERE name = 'ticket_search';
-- An older program that starts again would make its follower's checkpoint anew, and
-- apply the whole log to tables that a newer one keeps: it is refused.
DELETE FROM rebuilds WHERE projector IN ('ticket_measures', 'ticket_reports');
DELETE FROM parked_events WHERE follower IN ('ticket_measures', 'ticket_reports');
DELETE FROM checkpoints WHERE name IN ('ticket_measures', 'ticket_reports');
ALTER TABLE checkpoints ADD CONSTRAINT follower_of_an_older_program CHECK (name NOT IN ('ticket_measures', 'ticket_reports', 'ticket_search'));
DROP TABLE IF EXISTS read_next.search_texts, read_next.ticket_search, read_kept.search_texts, read_kept.ticket_search;

-- The statuses are those where the follower stands. Those in read.tickets are of
-- another place, if of one nearby: what moved since the nearer of both is in the log.
WITH stands AS (
    SELECT s.position AS at, coalesce((SELECT least(l.position, s.position) FROM checkpoints AS l WHERE l.name = 'ticket_list'), 0) AS settled
    FROM checkpoints AS s WHERE s.name = 'text_search'
), moved AS (
    SELECT DISTINCT e.stream_id FROM stands CROSS JOIN events AS e
    WHERE e.position > stands.settled AND e.type IN ('ticket.opened', 'ticket.resolved', 'ticket.closed', 'ticket.reopened')
), active AS (
    SELECT id FROM read.tickets
    WHERE status IN ('open', 'in-progress', 'escalated') AND id NOT IN (SELECT stream_id FROM moved)
    UNION ALL
    SELECT m.stream_id FROM moved AS m CROSS JOIN stands CROSS JOIN LATERAL (
        SELECT e.type FROM events AS e
        WHERE e.stream_id = m.stream_id AND e.position <= stands.at
          AND e.type IN ('ticket.opened', 'ticket.resolved', 'ticket.closed', 'ticket.reopened')
        ORDER BY e.version DESC LIMIT 1) AS last
    WHERE last.type IN ('ticket.opened', 'ticket.reopened')
)
INSERT INTO read.active_search
SELECT s.* FROM read.ticket_search AS s JOIN active AS a ON a.id = s.ticket_id;
ANALYZE read.active_search;
